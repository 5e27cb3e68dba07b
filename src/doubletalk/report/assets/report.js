// Tooltips of the timeline: each mark carries its text; nothing is loaded from anywhere.
(function () {
  "use strict";
  var tip = document.getElementById("tip");
  function mark(target) { return target.closest ? target.closest(".mark-symbol [aria-label], .mark-rule [aria-label]") : null; }
  function show(node, x, y) {
    tip.textContent = node.getAttribute("aria-label");
    tip.hidden = false;
    var left = Math.min(x + 14, document.documentElement.clientWidth - tip.offsetWidth - 8);
    tip.style.left = Math.max(8, left) + window.scrollX + "px";
    tip.style.top = y + 18 + window.scrollY + "px";
  }
  function hide() { tip.hidden = true; }
  document.querySelectorAll("svg.chart").forEach(function (picture) {
    picture.addEventListener("pointermove", function (event) {
      var node = mark(event.target);
      if (node) { show(node, event.clientX, event.clientY); } else { hide(); }
    });
    picture.addEventListener("pointerleave", hide);
    picture.addEventListener("focusin", function (event) {
      var node = event.target.querySelector("[aria-label]");
      if (node) { var box = node.getBoundingClientRect(); show(node, box.right, box.bottom); }
    });
    picture.addEventListener("focusout", hide);
  });
  function open() {
    var target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (var node = target; node; node = node.parentElement) { if (node.tagName === "DETAILS") { node.open = true; } }
    if (target) { target.scrollIntoView(); }
  }
  window.addEventListener("hashchange", open);
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("#equilibria details").forEach(function (part) { part.open = true; });
  });
  open();
}());
