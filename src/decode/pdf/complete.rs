//! Looks for what a PDF names and does not hold.
//!
//! The PDF library passes over pages, contents and images it cannot find. In a file cut short that makes blank or
//! missing pages, which nobody would notice; so references that lead nowhere are looked for here.

use crate::decode::DecodeError;
use hayro::hayro_syntax::Pdf;
use hayro::hayro_syntax::content::ops::TypedInstruction;
use hayro::hayro_syntax::object::dict::keys;
use hayro::hayro_syntax::object::{Array, Dict, MaybeRef, Name, Object, ObjectIdentifier, Stream};
use hayro::hayro_syntax::page::Page;
use hayro::hayro_syntax::xref::XRef;
use std::collections::HashSet;

/// Goes through the page tree as the library does, and says of each page whether the file holds it.
///
/// Stops after `limit` pages.
pub(super) fn leaves_of(pdf: &Pdf, limit: usize) -> Result<Vec<bool>, DecodeError> {
    let no_tree = || DecodeError::damaged_pdf("it has no page tree");
    let xref = pdf.xref();
    let catalogue = xref.get::<Dict<'_>>(xref.root_id()).ok_or_else(no_tree)?;
    let root = catalogue.get::<Dict<'_>>(keys::PAGES).ok_or_else(no_tree)?;
    let mut seen: HashSet<ObjectIdentifier> = root.obj_id().into_iter().collect();
    let mut open = vec![kids_of(&root).ok_or_else(no_tree)?];
    let mut leaves = Vec::new();
    while let Some(kids) = open.last_mut() {
        let Some(kid) = kids.next() else {
            open.pop();
            continue;
        };
        let node = match kid {
            MaybeRef::Ref(id) if !seen.insert(id.into()) => continue,
            MaybeRef::Ref(id) => xref.get::<Dict<'_>>(id.into()),
            MaybeRef::NotRef(object) => object.into_dict(),
        };
        let is_branch = |node: &Dict<'_>| node.get::<Name<'_>>(keys::TYPE).is_some_and(|kind| *kind == *b"Pages");
        match node {
            Some(node) if is_branch(&node) => match kids_of(&node) {
                Some(kids) => open.push(kids),
                None => leaves.push(false),
            },
            node => leaves.push(node.is_some()),
        }
        if leaves.len() > limit {
            break;
        }
    }
    Ok(leaves)
}

fn kids_of<'a>(node: &Dict<'a>) -> Option<impl Iterator<Item = MaybeRef<Object<'a>>> + use<'a>> {
    Some(node.get::<Array<'a>>(keys::KIDS)?.raw_iter())
}

/// Returns what the page needs and the file does not hold.
pub(super) fn missing_part(page: &Page<'_>) -> Option<String> {
    let missing = |what: &str| Some(format!("{what} of the page is not in the file"));
    match page.raw().get::<Object<'_>>(keys::CONTENTS) {
        None if page.raw().contains_key(keys::CONTENTS) => return missing("the content"),
        Some(Object::Array(parts)) if parts.raw_iter().any(|part| !resolves(part, page.xref())) => {
            return missing("a part of the content");
        }
        Some(Object::Stream(_)) if page.page_stream().is_none() => return missing("readable content"),
        _ => {}
    }
    let fonts = &page.resources().fonts;
    if fonts.keys().filter_map(|name| fonts.get_ref(&*name)).any(|id| page.xref().get::<Dict<'_>>(id.into()).is_none())
    {
        return missing("a font");
    }
    let objects = &page.resources().x_objects;
    let mut operations = page.typed_operations();
    while let Some(operation) = operations.next() {
        let TypedInstruction::XObject(name) = operation else { continue };
        if !objects.contains_key(name.0) {
            continue;
        }
        match objects.get::<Stream<'_>>(name.0) {
            None => return missing("an image or form"),
            Some(form) if lacks_objects(form.dict(), page.xref(), MAX_DEPTH) => return missing("an image or form"),
            Some(_) => {}
        }
    }
    None
}

/// Forms are looked into so many levels deep.
const MAX_DEPTH: u32 = 4;

fn lacks_objects(form: &Dict<'_>, xref: &XRef, depth: u32) -> bool {
    let resources = form.get::<Dict<'_>>(keys::RESOURCES);
    let Some(objects) = resources.and_then(|resources| resources.get::<Dict<'_>>(keys::XOBJECT)) else { return false };
    // Looked up in the whole file: within the form, the library hides what would make it contain itself.
    objects.keys().filter_map(|name| objects.get_ref(&*name)).any(|id| match xref.get::<Stream<'_>>(id.into()) {
        None => true,
        Some(inner) => depth > 0 && lacks_objects(inner.dict(), xref, depth - 1),
    })
}

fn resolves(part: MaybeRef<Object<'_>>, xref: &XRef) -> bool {
    match part {
        MaybeRef::Ref(id) => xref.get::<Stream<'_>>(id.into()).is_some(),
        MaybeRef::NotRef(_) => true,
    }
}
