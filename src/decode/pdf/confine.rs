//! Gives up the rights that reading a PDF does not need, for good: files, the network, other programs.
//!
//! Whoever takes over the reader by a crafted file finds a process that can compute, answer on its pipe, and nothing else.
//! Both locks are Linux's own, Landlock for files and TCP, seccomp for everything else that reaches out of the process; a
//! system that lacks one of them is no reason to read no PDFs, since limits on memory and time hold all the same.

/// Gives up the rights of this thread and of all that it will start. What is open stays open.
pub(super) fn confine() {
    #[cfg(target_os = "linux")]
    linux::confine();
}

#[cfg(target_os = "linux")]
mod linux {
    use landlock::{ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetError};
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

    /// Calls by which a process reaches others: the network, programs, foreign memory, the system itself.
    const REFUSED: &[libc::c_long] = &[
        libc::SYS_socket,
        libc::SYS_socketpair,
        libc::SYS_connect,
        libc::SYS_bind,
        libc::SYS_listen,
        libc::SYS_execve,
        libc::SYS_execveat,
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_mount,
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_bpf,
        libc::SYS_io_uring_setup,
        libc::SYS_keyctl,
        libc::SYS_perf_event_open,
        libc::SYS_init_module,
        libc::SYS_finit_module,
        libc::SYS_kexec_load,
        libc::SYS_userfaultfd,
    ];

    pub(super) fn confine() {
        // Missing in older kernels and in some containers; each holds without the other.
        let _ = forbid_files();
        let _ = forbid_calls();
    }

    /// Forbids every file and every TCP port: no rule allows any.
    fn forbid_files() -> Result<(), RulesetError> {
        Ruleset::default()
            .handle_access(AccessFs::from_all(ABI::V5))?
            .handle_access(AccessNet::from_all(ABI::V5))?
            .create()?
            .restrict_self()?;
        Ok(())
    }

    fn forbid_calls() -> Result<(), seccompiler::Error> {
        let rules = REFUSED.iter().map(|call| (*call, Vec::new())).collect();
        let refuse = SeccompAction::Errno(libc::EPERM as u32);
        let architecture = std::env::consts::ARCH.try_into().map_err(seccompiler::Error::Backend)?;
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, architecture)
            .map_err(seccompiler::Error::Backend)?;
        let program: BpfProgram = filter.try_into().map_err(seccompiler::Error::Backend)?;
        seccompiler::apply_filter(&program)
    }
}
