"""Texts that divide, or seem to divide, in ways that are easy to get wrong. The oracle judges all."""

from __future__ import annotations

EXPERIENCE = """\
# A small experience
name: city-report
version: 1.0.0
state:
  schema:
    rows: {type: array, merge: array_append}
    report:
      type: string
graph:
  nodes:
    - id: load   # comes first
      kind: tool
      impl: ./tools/load.py
      writes: [rows]
    # the second one
    - id: write
      kind: agent
      prompt: |
        Write about {{rows}}:

          - id: not a node
        # not a comment
      reads:
        - rows
  edges:
    - {from: load, to: write, when: "$.rows[0] != null"}
runtime: {concurrency: 4}
"""

TEXTS = [
    EXPERIENCE,
    EXPERIENCE.replace("\n", "\r\n"),
    EXPERIENCE.replace("\n", "\r"),
    "\ufeff" + EXPERIENCE,
    "---\n" + EXPERIENCE,
    "# comment\n--- # start\n" + EXPERIENCE + "...\n# the end\n",
    "%YAML 1.2\n---\n" + EXPERIENCE,
    "",
    "\n\n  \n",
    "# only a comment",
    "---\n",
    "---\n...\n",
    "...\n",
    "--- {a: 1}\n",
    "--- |\n text\n",
    "---\n---\n",
    "a: 1\n---\nb: 2\n",
    "a: 1\n...\nb: 2\n",
    "text",
    "'a: b'\n",
    '"a: b\n c: d"\n',
    "- a\n- b\n",
    "-\n-\n- - x\n  - y\n-   k: v\n    l: w\n",
    "{a: 1, b: [2, 3]}\n",
    "{\na: 1,\nb: 2\n}\n",
    "[\n- a\n]\n",
    # sequences at the column of their key, and back
    "nodes:\n- id: a\n  kind: tool\n- id: b\nedges:\n- {from: a, to: b}\n",
    "a:\n  nodes:\n  - x\n  -\n  - y: 1\n  edges: []\n",
    "a:\n- x\n b: y\n",
    "nodes:\n  - id: a\n  kind: tool\n",
    # block scalars
    "a: |\n  b: 1\n  - c\n # d\nb: >-\n  x\n  y\n\n  z\nc: |+\n  k\n\n\nd: |2\n    two more\n  two\n",
    "a: |\n\n\n  x\n",
    "a:\n|\n  at the column of its key\nb: 1\n",
    "a: |\n x\n# comment\n  y\n",
    "a: |",
    "a: |\n  no newline at the end",
    "- |\n text\n- >\n text\n",
    "- a: |1\n   x\n",
    # flow collections and quoted scalars over several lines, at any column
    "a: [1,\n2,\n  3]\nb: 2\n",
    "a: [\n  {x: 1},\n]\nb: {\n}\n",
    "a: [1,\nb: 2]\nc: 3\n",
    'a: "one\nb: two\n\n  three"\nc: 3\n',
    "a: 'one\n- two'\nb: 'it''s'\n",
    "g:\n  n:\n    - {a: 1,\nb: 2}\n    - x\nz: 1\n",
    "g:\n  n:\n    - 'a\nz: 1'\n    - x\nz: 1\n",
    "a: [1,\nb: 2\nc: 3\n",
    'a: "one\nb: "two"\nc: 3\n',
    "a: plain over\n  two lines\nb: plain\n over: two\n",
    # keys
    "? a\n: b\n? c\nd: e\n",
    "? [a]\n: b\n",
    "? |\n  block\n: - one\n",
    '"quoted": 1\n\'single\': 2\n"with # and : in it": 3\n',
    "a:b: 1\nc#d: 2\n-e: 3\n<<: 4\n",
    ": no key\n",
    "a: 1\na: 2\n",
    "g:\n  n:\n    - {a: 1, a: 2}\n",
    "a: 1\nb: {c: 1}\n'a': 2\n",
    "1: a\n1.0: b\n",
    "1: a\n'1': b\ntrue: c\n",
    "key with spaces : 1\n",
    # anchors, aliases, tags
    "a: &x {q: [1]}\nb:\n  - *x\n  - &y z\nc: [*x, *y]\n",
    "a: &x\n  b: 1\nc: *x\n",
    "a: *x\nb: &x 1\n",
    "a: &x [*x]\n",
    "&k a: 1\nb: *k\n",
    "a: 1\n&x\nb: 2\n",
    "a: 1\n&x\n  b: 2\n",
    "a: !!str 1\nb: !!int '2'\nd: !!map {}\n",
    "a: !!int x\n",
    "a: !thing x\n",
    "a: !!float 1\nb: !!null ''\n",
    # values
    "yes: no\non: off\ndate: 2024-01-01\ntime: 12:30:45\noct: 0o17\nold: 017\nhex: 0xFF\nsci: 1e3\ninf: -.inf\n",
    "a: ~\nb: null\nc:\nd: ''\ne: TRUE\nf: +12\ng: .5\nh: 1_000\ni: 0b1\nj: +.inf\nk: 1.\nl: -.5e-3\n",
    # tabs
    "a:\tb\n",
    "a:\n\tb: 1\n",
    "a: 1\t# comment\nb: x\ty\n",
    "a:\n  b: 1\n\t\n  c: 2\n",
    "- \ta\n",
    "a: |\n \tx\n",
    # broken
    "a: b: c\n",
    "a: @b\n",
    "a: `b`\n",
    "a: %b\n",
    "a: *.md\n",
    "a: 'x' y\n",
    "a: [1, 2\n",
    "a: }\n",
    "a\nb: 1\n",
    "a: 1\nb\n",
    "  a: 1\nb: 2\n",
    "a: {{ b }}\n",
    "a: {{ b }} c\n",
    "a: ${{ b }}\n",
    'a: "\\q"\n',
    'a: "\\ud800"\n',
    'a: "\\U00110000"\n',
    'a: "\\u00e9\\x41\\N\\L\\P\\_\\e"\n',
    # characters
    "a: é\n😀: '😀 b'\nc: |\n  😀\n",
    "a: x\x00y\n",
    "a: \x07\n",
    "a: \ud800\n",
    "a: x\ufeffy\n",
]
