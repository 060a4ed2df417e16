"""What an item is wrong about only because of what is around it, marked where a person would look for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.experience.analyse import Analysis

Check = Callable[[str], Analysis]

HEAD = """\
name: example
version: 1.0.0
args: {type: object, additionalProperties: false, properties: {goal: {type: number}, names: {type: array}}}
state:
  schema:
    rows: {type: array, items: {type: object, additionalProperties: false, properties: {name: {type: string}}}}
    title: {type: string, default: x}
    mood: {enum: [good, bad], default: good}
    score: {type: number, default: 0}
    anything: {default: 1}
    first: {merge: set_once, default: null}
"""
FETCH = "    - {id: fetch, kind: tool, impl: ./fetch.py, writes: [rows]}\n"
REPORT = "    - {id: report, kind: tool, impl: ./report.py, reads: [rows]}\n"
EDGE = "    - {from: fetch, to: report}\n"


def graph(nodes: str, edges: str = EDGE, more: str = "", head: str = HEAD) -> str:
    return f"{head}graph:\n  nodes:\n{nodes}  edges:\n{edges}{more}"


def with_when(when: str) -> str:
    return graph(FETCH + REPORT, f"    - {{from: fetch, to: report, when: {when}\n")


CONDITIONS = {
    "a list compared with a number": """"$.rows > 3"}
                                       ^^^^^^^^^^ warning OE503 a list""",
    "text compared with a number": """$.title == 3}
                                      ^^^^^^^^^^^^ warning OE503 never true""",
    "text that differs from a number": """$.score != 'x'}
                                      ^^^^^^^^^^^^^^ warning OE503 always true""",
    "a value that the field never has": """$.mood == 'wild'}
                                      ^^^^^^^^^^^^^^^^ warning OE503 'good', 'bad'""",
    "two that contradict": """$.score > 7 && $.score < 3}
                                                     ^^^^^^^^^^^ warning OE503 never hold together""",
    "the wrong half of an or": """$.score > 7 || $.rows == 1}
                                                     ^^^^^^^^^^^ warning OE503 a list""",
    "the length of a number": """length($.score) > 0}
                                             ^^^^^^^ warning OE504 a number""",
    "an item in a number": """"'x' in $.score"}
                                              ^^^^^^^ warning OE504 a number""",
    "the length of a text": """$.title.length > 3}
                                              ^^^^^^ warning OE505 `length(…)`""",
    "a key that a list does not have": """$.rows.first == 1}
                                             ^^^^^ warning OE505 a list has only items""",
    "a key that the items do not have": """"$.rows[0].nmae == 'x'"}
                                                 ^^^^ warning OE505 did you mean `name`?""",
    "an arg that is not declared": """$args.gaol > 3}
                                            ^^^^ warning OE505 did you mean `goal`?""",
    "a sender that does not send": """$edges.report == 1}
                                             ^^^^^^ warning OE505 no edge leads here""",
    "an item where there is none": """$item == 1}
                                      ^^^^^ warning OE505 only available in fan-outs""",
}


@pytest.mark.parametrize("marked", CONDITIONS.values(), ids=CONDITIONS)
def test_a_condition_that_makes_no_sense_is_marked_at_its_part(check_marked: Check, marked: str) -> None:
    check_marked(with_when(marked))


@pytest.mark.parametrize(
    "when",
    [
        "$.anything == 3 || $.anything == 'x'",
        "$.title != null && $.score == null",
        "\"'x' in $.rows\"",
        "length($.rows) > 0 && $.rows.length < 9",
        "\"$.rows[0].name == 'x'\"",
        "$args.goal >= $.score",
        "$edges.fetch == 3",
        "\"!$.title || $.mood == 'bad'\"",
        "$.score > 3 && $.score > 4",
        "defined($.rows)",
    ],
)
def test_a_condition_that_may_hold_is_left_alone(check_marked: Check, when: str) -> None:
    check_marked(with_when(f"{when}}}"))


NODES = {
    "a reference to a key that is not there": """\
    - {id: report, kind: tool, impl: ./r.py, args: {a: $.rows.0.nam}}
                                                                ^^^ warning OE505 did you mean `name`?
""",
    "an item outside of a fan-out": """\
    - {id: report, kind: tool, impl: ./r.py, args: {a: $item.x}}
                                                       ^^^^^^^ warning OE505 only available in fan-outs
""",
    "a key that the items of a fan-out do not have": """\
    - {id: report, kind: tool, impl: ./r.py, for_each: {source: $.rows}, args: {a: $item.title}}
                                                                                         ^^^^^ warning OE505 `name`
""",
    "an iteration outside of a loop": """\
    - {id: report, kind: tool, impl: ./r.py, args: {a: $iter}}
                                                       ^^^^^ warning OE505 only available in loops
""",
    "a fan-out over text": """\
    - {id: report, kind: tool, impl: ./r.py, for_each: {source: $.title}}
                                                                ^^^^^^^ warning OE506 expected a list
""",
    "a fan-out over an arg that is a number": """\
    - {id: report, kind: tool, impl: ./r.py, for_each: {source: $args.goal}}
                                                                ^^^^^^^^^^ warning OE506 a number
""",
    "a fan-out of which only the last item stays": """\
    - {id: report, kind: tool, impl: ./r.py, for_each: {source: $.rows}, writes: [title]}
                                                                                  ^^^^^ information OE407 last value
""",
    "a field that takes one value, written by each item": """\
    - {id: report, kind: tool, impl: ./r.py, for_each: {source: $.rows}, writes: [first]}
                                                                                  ^^^^^ information OE407 every item
""",
    "a field that is named twice": """\
    - {id: report, kind: tool, impl: ./r.py, reads: [rows, title, rows], writes: [mood]}
                                                                  ^^^^ hint OE206 `rows` is listed twice in `reads`
""",
    "a placeholder that names nothing": """\
    - {id: report, kind: agent, prompt: 'See {{rows}} {{rwos}}', reads: [rows], writes: [title]}
                                                        ^^^^ warning OE507 did you mean `rows`?
""",
    "a placeholder for a field that is not read": """\
    - {id: report, kind: agent, prompt: 'See {{title}}', writes: [title]}
                                               ^^^^^ warning OE507 `title` is not listed in `reads`
""",
    "a placeholder in a block of text": """\
    - id: report
      kind: agent
      prompt: |
        See {{rows}}
          and {{ title }}
                 ^^^^^ warning OE507 `reads`
      reads: [rows]
      writes: [title]
""",
    "what only looks like a placeholder": """\
    - {id: report, kind: agent, prompt: 'See {{a b}}', writes: [title]}
                                             ^^^^^^^ warning OE507 not a path
""",
    "a read that the prompt does not name": """\
    - {id: report, kind: agent, prompt: 'See', reads: [rows], writes: [title]}
                                                       ^^^^ hint OE508 never uses
""",
    "writes that the answer cannot have": """\
    - id: report
      kind: agent
      prompt: x
      schema: {properties: {titel: {type: string}}, additionalProperties: false}
      writes: [title]
               ^^^^^ warning OE408 did you mean `titel`?
""",
    "an answer of another type than the field": """\
    - id: report
      kind: agent
      prompt: x
      schema: {properties: {title: {type: number}}}
                            ^^^^^ warning OE408 the field must be text
      writes: [title]
""",
    "an answer that is dropped": """\
    - id: report
      kind: agent
      prompt: x
      args: {all: $.rows}
      schema: {properties: {title: {type: string}, why: {type: string}}, required: [title, why]}
                                                                                           ^^^ hint OE408 discarded
      writes: [title]
""",
    "keys of a coding agent's answer that it need not have, or must not": """\
    - id: report
      kind: cli-agent
      provider: codex
      prompt: x
      args: {all: $.rows}
      output_format: json
      schema: {properties: {title: {}, anything: {}, why: {}}, required: [title, anything, why]}
                                                                                           ^^^ warning OE408 not a field
                                                                                 ^^^^^^^^ hint OE408 is written
      writes: [title]
""",
    "a schema that is none of an object": """\
    - {id: report, kind: agent, prompt: x, schema: {type: array}, writes: [title]}
                                                          ^^^^^ warning OE408 must have `type: object`
""",
    "rows into a text": """\
    - {id: report, kind: dataset, source: {type: file, uri: a.csv}, writes: [title]}
                                                                             ^^^^^ warning OE408 a list of rows
""",
    "rows into two fields": """\
    - {id: report, kind: dataset, source: {type: file, uri: a.csv}, writes: [rows, anything]}
                                                                            ^^^^^^^^^^^^^^^^ error OE403 not 2
""",
    "a skill that writes nothing": """\
    - {id: report, kind: skill, impl: ./skill}
           ^^^^^^ error OE403 a skill without `schema`
""",
    "a cli-agent with two texts": """\
    - {id: report, kind: cli-agent, provider: codex, prompt: x, writes: [title, anything]}
                                                                        ^^^^^^^^^^^^^^^^^ error OE403 not 2
""",
    "a tool that is a shell script": """\
    - {id: report, kind: tool, impl: ./report.sh}
                                     ^^^^^^^^^^^ error OE605 `.mjs`
""",
    "a file that does not tell its format": """\
    - {id: report, kind: dataset, source: {type: file, uri: data/rows}, writes: [anything]}
                                                            ^^^^^^^^^ warning OE605 add `format`
""",
    "a path out of the folder": """\
    - {id: report, kind: tool, impl: ../report.py}
                                     ^^^^^^^^^^^^ warning OE603 outside
""",
    "a yes that is a text": """\
    - {id: report, kind: tool, impl: ./r.py, args: {fast: yes, slow: "no", all: $.rows}}
                                                          ^^^ hint OE108 write `true`
""",
    "a key in the text": """\
    - {id: report, kind: tool, impl: ./r.py, args: {key: ghp_0123456789abcdefghijABCDEFGHIJ012345}}
                                                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ warning OE604 this
""",
    "credentials in a header": """\
    - id: report
      kind: dataset
      source: {type: http, url: https://x.org, headers: {Authorization: Bearer abcdefghijklmnopqrst}}
                                                                               ^^^^^^^^^^^^^^^^^^^^ warning OE604
      writes: [anything]
""",
    "credentials from the environment": """\
    - id: report
      kind: dataset
      source: {type: http, url: https://x.org, headers: {Authorization: 'Bearer ${SOME_LONG_TOKEN_NAME}'}}
      writes: [anything]
""",
}


@pytest.mark.parametrize("node", NODES.values(), ids=NODES)
def test_a_node_that_does_not_fit_what_is_around_it_is_marked_at_the_part(check_marked: Check, node: str) -> None:
    check_marked(graph(FETCH + node))


FLOWS = {
    "a field that nothing writes before": graph(
        """\
    - {id: early, kind: tool, impl: ./e.py, reads: [rows]}
                                                    ^^^^ warning OE404 add an edge
"""
        + FETCH
        + REPORT
    ),
    "a field that is written behind the reader": graph(
        """\
    - {id: report, kind: tool, impl: ./e.py, reads: [rows]}
                                                     ^^^^ warning OE404 runs after `report`
"""
        + FETCH,
        "    - {from: report, to: fetch}\n",
    ),
    "a field that nothing writes at all": graph(
        """\
    - {id: fetch, kind: tool, impl: ./e.py}
    - {id: report, kind: tool, impl: ./e.py, args: {a: $.rows}}
                                                         ^^^^ information OE404 has no default
"""
    ),
    "two writers of one value": graph(
        FETCH
        + """\
    - {id: other, kind: tool, impl: ./o.py, writes: [rows]}
                                                     ^^^^ warning OE406 no edge orders them
"""
        + REPORT,
        EDGE + "    - {from: other, to: report}\n",
    ),
    "two writers of which one is an alternative": graph(
        FETCH
        + """\
    - {id: good, kind: tool, impl: ./o.py, writes: [title]}
    - {id: bad, kind: tool, impl: ./o.py, writes: [title]}
    - {id: report, kind: tool, impl: ./o.py, join: any, reads: [title]}
""",
        """\
    - {from: fetch, to: good, when: $.mood == 'good'}
    - {from: fetch, to: bad, when: $.mood == 'bad'}
    - {from: good, to: report}
    - {from: bad, to: report}
""",
    ),
    "a node that needs both of two alternatives": graph(
        FETCH
        + """\
    - {id: good, kind: tool, impl: ./o.py}
    - {id: bad, kind: tool, impl: ./o.py}
    - {id: report, kind: tool, impl: ./o.py, reads: [title]}
           ^^^^^^ warning OE304 never runs
    - {id: last, kind: tool, impl: ./o.py, reads: [title]}
""",
        """\
    - {from: fetch, to: good, when: $.score > 3}
    - {from: fetch, to: bad, when: $.score <= 3}
    - {from: good, to: report}
    - {from: bad, to: report}
    - {from: report, to: last}
""",
    ),
    "conditions of which the second sees another value": graph(
        FETCH
        + """\
    - {id: good, kind: tool, impl: ./o.py, writes: [score]}
    - {id: report, kind: tool, impl: ./o.py}
""",
        """\
    - {from: fetch, to: good, when: $.score > 3}
    - {from: good, to: report, when: $.score <= 3}
""",
    ),
    "a wait that no edge shows": graph(
        FETCH
        + """\
    - {id: start, kind: tool, impl: ./s.py}
    - {id: report, kind: tool, impl: ./r.py, reads: [rows, title]}
                                                     ^^^^ hint OE305 waits for `fetch`
""",
        "    - {from: start, to: report}\n",
        head=HEAD.replace("    mood: {enum: [good, bad], default: good}\n", ""),
    ),
    "a field that the last nodes write": graph(FETCH, "    []\n"),
    "a loop that starts from what it writes itself": graph(
        """\
    - {id: fetch, kind: tool, impl: ./b.py, reads: [rows], writes: [rows]}
""",
        "    []\n",
        "  loops:\n    - {id: improve, body: fetch, until: length($.rows) > 3}\n",
    ),
    "a loop that nothing ends": graph(
        FETCH,
        "    []\n",
        "  loops:\n    - {id: improve, body: fetch}\n           ^^^^^^^ error OE306 `max_iters`\n",
    ),
    "a field that takes one value, written by each round": graph(
        FETCH.replace("rows", "rows, first")
        + "                                                               ^^^^^ information OE407 every iteration\n",
        "    []\n",
        "  loops:\n    - {id: improve, body: fetch, max_iters: 3}\n",
    ),
    "a pipeline over text": graph(
        FETCH,
        "    []\n",
        "  pipelines:\n    - {id: p, items: $.title, stages: [fetch]}\n"
        "                     ^^^^^^^ warning OE506 expected a list\n",
    ),
}


@pytest.mark.parametrize("marked", FLOWS.values(), ids=FLOWS)
def test_what_the_order_of_reads_and_writes_shows_is_marked(check_marked: Check, marked: str) -> None:
    check_marked(marked)


def test_a_race_shows_the_other_writer_and_a_hint_holds_the_missing_edge(check_marked: Check) -> None:
    race = next(each for each in check_marked(FLOWS["two writers of one value"]).problems if each.code == "OE406")
    wait = next(each for each in check_marked(FLOWS["a wait that no edge shows"]).problems if each.code == "OE305")

    assert [place.message for place in race.related] == ["`fetch` also writes `rows`"]
    assert (wait.data["from"], wait.data["to"]) == ("fetch", "report")


def test_array_append_on_a_text_is_marked_at_the_merge(check_marked: Check) -> None:
    check_marked(
        graph(FETCH + REPORT).replace(
            "    anything: {default: 1}\n",
            "    anything: {type: string, merge: array_append}\n"
            "                                    ^^^^^^^^^^^^ warning OE407 every write fails\n",
        )
    )
