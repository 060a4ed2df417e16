"""Pages of runs in a real browser. The tests are those of Node.js; what they look at is made here."""
