(function () {
  document.documentElement.classList.add("js");
  var table = document.querySelector("table.claims");
  if (!table) return;
  var body = table.tBodies[0];
  var rows = Array.from(body.rows);
  var sorted = document.getElementById("sort");
  var heads = Array.from(table.querySelectorAll("th[data-key]"));

  function sort(key, up) {
    rows.sort(function (a, b) {
      return (up ? 1 : -1) * (a.dataset[key] - b.dataset[key]) || a.dataset.claim - b.dataset.claim;
    });
    rows.forEach(function (row) { body.appendChild(row); });
    heads.forEach(function (head) {
      if (head.dataset.key === key) head.setAttribute("aria-sort", up ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    });
    sorted.value = key;
  }

  function filter() {
    var wanted = { question: document.getElementById("question").value, group: document.getElementById("group").value };
    var seen = 0;
    rows.forEach(function (row) {
      row.hidden = Object.keys(wanted).some(function (key) { return wanted[key] && row.dataset[key] !== wanted[key]; });
      if (!row.hidden) seen += 1;
    });
    document.getElementById("seen").textContent = seen + " of " + rows.length + " shown";
  }

  heads.forEach(function (head) {
    head.querySelector("button").addEventListener("click", function () {
      sort(head.dataset.key, head.getAttribute("aria-sort") !== "ascending");
    });
  });
  sorted.addEventListener("change", function () { sort(sorted.value, true); });
  ["question", "group"].forEach(function (id) { document.getElementById(id).addEventListener("change", filter); });
  filter();
})();
