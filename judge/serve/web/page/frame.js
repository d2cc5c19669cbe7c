// The page sends a report here, and it becomes this document.
addEventListener("message", (event) => {
  if (event.origin !== location.origin || typeof event.data !== "string") return;
  document.open();
  document.write(event.data);
  document.close();
}, { once: true });
