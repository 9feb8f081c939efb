"use strict";
// Makes the pages quicker to use; everything needed to search and read works without it.
(function () {
  function all(selector, root) { return Array.prototype.slice.call((root || document).querySelectorAll(selector)); }
  function one(selector, root) { return (root || document).querySelector(selector); }
  var form = (one("meta[name=form]") || {}).content || "";

  // Completion of what is typed in the search box: a list box as the ARIA patterns describe it.
  var box = one("#q"), offers = one("#offers");
  if (box && offers) {
    var at = -1, timer = 0, asked = 0;
    var close = function () { offers.hidden = true; at = -1; box.setAttribute("aria-expanded", "false"); box.removeAttribute("aria-activedescendant"); };
    var choose = function (item) { box.value = item.dataset.query; close(); box.form.submit(); };
    var show = function (list) {
      offers.textContent = "";
      list.forEach(function (offer, n) {
        var item = document.createElement("li"), text = document.createElement("bdi"), kind = document.createElement("span");
        item.id = "offer-" + n; item.setAttribute("role", "option"); item.setAttribute("aria-selected", "false");
        text.textContent = offer.text; kind.className = "soft"; kind.textContent = offers.dataset[offer.kind] || "";
        item.dataset.query = offer.kind === "number" ? "number:" + offer.text : offer.text;
        item.append(text, kind); item.addEventListener("mousedown", function (event) { event.preventDefault(); choose(item); });
        offers.append(item);
      });
      offers.hidden = list.length === 0; at = -1; box.setAttribute("aria-expanded", String(list.length > 0));
    };
    box.addEventListener("input", function () {
      clearTimeout(timer);
      var typed = box.value.trim(), number = ++asked;
      if (typed.length < 2) { close(); return; }
      timer = setTimeout(function () {
        fetch("/api/v1/suggest?limit=4&q=" + encodeURIComponent(typed)).then(function (answer) { return answer.ok ? answer.json() : []; })
          .then(function (list) { if (number === asked) show(list); }).catch(close);
      }, 120);
    });
    box.addEventListener("keydown", function (event) {
      var items = all("li", offers);
      if (event.key === "Escape") { close(); return; }
      if (offers.hidden || !items.length) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        at = (at + (event.key === "ArrowDown" ? 1 : -1) + items.length + (at < 0 && event.key === "ArrowUp" ? 1 : 0)) % items.length;
        items.forEach(function (item, n) { item.setAttribute("aria-selected", String(n === at)); });
        box.setAttribute("aria-activedescendant", items[at].id); items[at].scrollIntoView({ block: "nearest" });
      } else if (event.key === "Enter" && at >= 0) { event.preventDefault(); choose(items[at]); }
    });
    box.addEventListener("blur", function () { setTimeout(close, 150); });
    document.addEventListener("keydown", function (event) {
      if (event.key === "/" && !/^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName)) { event.preventDefault(); box.focus(); box.select(); }
    });
  }

  // The scan: size, and the way from hit to hit.
  var view = one(".scan .view");
  if (view) {
    var sizes = ["z50", "z75", "", "z150", "z200", "z300"], size = 2;
    var zoom = function (by) {
      if (sizes[size]) view.classList.remove(sizes[size]);
      size = Math.max(0, Math.min(sizes.length - 1, size + by));
      if (sizes[size]) view.classList.add(sizes[size]);
      view.dataset.zoom = sizes[size] || "z100";
    };
    var hits = all(".hits rect", view), now = -1;
    var reveal = function (rect) {
      var place = rect.getBoundingClientRect(), frame = view.getBoundingClientRect();
      view.scrollTop += place.top - frame.top - frame.height / 3; view.scrollLeft += place.left - frame.left - frame.width / 2;
    };
    var go = function (by) {
      var next = now + by;
      if (next < 0 || next >= hits.length) { var link = one(by > 0 ? "#next-hits" : "#previous-hits"); if (link) { location.href = link.href; return; } }
      if (!hits.length) return;
      if (now >= 0) hits[now].classList.remove("now");
      now = (next + hits.length) % hits.length; hits[now].classList.add("now"); reveal(hits[now]);
      var told = one("#hit-number"); if (told) told.textContent = (now + 1) + " / " + hits.length;
    };
    all("[data-zoom-by]").forEach(function (button) { button.hidden = false; button.addEventListener("click", function () { zoom(Number(button.dataset.zoomBy)); }); });
    all("[data-hit-by]").forEach(function (button) { button.hidden = hits.length === 0; button.addEventListener("click", function () { go(Number(button.dataset.hitBy)); }); });
    all("[data-print]").forEach(function (button) { button.hidden = false; button.addEventListener("click", function () { window.print(); }); });
    all("a.where").forEach(function (link) {
      var mark = function (on) { var rect = document.getElementById(link.hash.slice(1)); if (rect) { rect.classList.toggle("shown", on); if (on) reveal(rect); } };
      link.addEventListener("mouseenter", function () { mark(true); }); link.addEventListener("mouseleave", function () { mark(false); });
      link.addEventListener("focus", function () { mark(true); }); link.addEventListener("blur", function () { mark(false); });
    });
    document.addEventListener("keydown", function (event) {
      if (/^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName) || event.ctrlKey || event.altKey || event.metaKey) return;
      if (event.key === "n") go(1); else if (event.key === "p") go(-1); else if (event.key === "+" || event.key === "=") zoom(1); else if (event.key === "-") zoom(-1);
    });
    if (hits.length && view.dataset.reveal) go(1);
  }

  // Uploads: drop files, see how much is sent, then what became of them.
  var upload = one("#upload");
  if (upload) {
    var chosen = one("input[type=file]", upload), bar = one("#sent"), told = one("#told"), list = one("#ended");
    var say = function (text) { told.textContent = text; };
    var watch = function (job) {
      fetch("/api/v1/jobs/" + job).then(function (answer) { return answer.json(); }).then(function (job) {
        list.textContent = "";
        job.files.forEach(function (file) {
          var row = document.createElement("tr"), name = document.createElement("td"), state = document.createElement("td"), what = document.createElement("td");
          var label = document.createElement("bdi"), tag = document.createElement("span");
          label.textContent = file.name; name.append(label);
          tag.className = "tag" + (file.status === "failed" ? " bad" : file.status === "waiting" ? "" : " good"); tag.textContent = upload.dataset[file.status]; state.append(tag);
          file.documents.forEach(function (id) { var link = document.createElement("a"); link.href = "/letters/" + id; link.textContent = upload.dataset.open; what.append(link, " "); });
          if (file.error) what.append(file.error.message);
          row.append(name, state, what); list.append(row);
        });
        list.closest("table").hidden = false;
        if (job.status === "done") say(upload.dataset.done); else { say(upload.dataset.reading); setTimeout(function () { watch(job.id); }, 900); }
      }).catch(function () { setTimeout(function () { watch(job); }, 3000); });
    };
    var send = function (files) {
      if (!files.length) return;
      var body = new FormData(); body.append("form", form);
      var organisation = one("[name=organisation]", upload); if (organisation && organisation.value) body.append("organisation", organisation.value);
      Array.prototype.forEach.call(files, function (file) { body.append("file", file); });
      var request = new XMLHttpRequest();
      request.open("POST", "/api/v1/documents"); request.setRequestHeader("x-warraq-form", form); request.responseType = "json";
      request.upload.addEventListener("progress", function (event) { bar.hidden = false; bar.max = event.total; bar.value = event.loaded; say(upload.dataset.sending); });
      request.addEventListener("load", function () {
        bar.hidden = true; chosen.value = "";
        if (request.status === 202) watch(request.response.id); else say((request.response && request.response.detail) || upload.dataset.broken);
      });
      request.addEventListener("error", function () { bar.hidden = true; say(upload.dataset.broken); });
      request.send(body);
    };
    upload.addEventListener("submit", function (event) { event.preventDefault(); send(chosen.files); });
    var drop = one(".drop", upload);
    ["dragenter", "dragover"].forEach(function (name) { drop.addEventListener(name, function (event) { event.preventDefault(); drop.classList.add("over"); }); });
    ["dragleave", "drop"].forEach(function (name) { drop.addEventListener(name, function () { drop.classList.remove("over"); }); });
    drop.addEventListener("drop", function (event) { event.preventDefault(); send(event.dataTransfer.files); });
    if (upload.dataset.job) watch(upload.dataset.job);
  }

  // What is under way: the page looks again by itself.
  var live = one("[data-live]");
  if (live) {
    var look = function () {
      fetch(location.href, { headers: { accept: "text/html" } }).then(function (answer) { return answer.text(); }).then(function (text) {
        var fresh = new DOMParser().parseFromString(text, "text/html").querySelector("[data-live]");
        if (fresh) { live.replaceChildren.apply(live, Array.prototype.slice.call(fresh.childNodes)); if (fresh.dataset.live === "on") setTimeout(look, 1500); }
      }).catch(function () { setTimeout(look, 5000); });
    };
    if (live.dataset.live === "on") setTimeout(look, 1500);
  }

  // Review: Enter keeps what is in the field, Ctrl+Enter goes to the next letter.
  var review = one("#review");
  if (review) {
    document.addEventListener("keydown", function (event) { if (event.key === "Enter" && event.ctrlKey) { event.preventDefault(); one("#settle").click(); } });
    all("input[data-shows]", review).forEach(function (input) {
      var mark = function (on) { var rect = document.getElementById(input.dataset.shows); if (rect) { rect.classList.toggle("shown", on); if (on && view) reveal(rect); } };
      input.addEventListener("focus", function () { mark(true); }); input.addEventListener("blur", function () { mark(false); });
    });
    var first = one("input[data-doubt]", review) || one("input", review); if (first) { first.focus(); first.select(); }
  }
  all("[data-sure]").forEach(function (button) { button.addEventListener("click", function (event) { if (!window.confirm(button.dataset.sure)) event.preventDefault(); }); });
}());
