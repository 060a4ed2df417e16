"""PyYAML's Python scanner, taught what its compiled one accepts: tabs between tokens, mostly. Which of the two is
there then changes the speed and nothing else. Names of methods are those of yaml.scanner.Scanner."""

# PyYAML's scanner has no types.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from typing import Any, NoReturn

from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner, ScannerError
from yaml.tokens import ScalarToken

_BREAKS = "\r\n"
_BLANKS = " \t"
_END = "\0"
_FLOW = ",[]{}"


class PythonParser(Reader, Scanner, Parser):
    """The parser of one text without characters that PyYAML would refuse or misread (character_substitutes.py)."""

    def __init__(self, text: Any) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)

    def get_event(self) -> Any:
        """Return the next event, or None after the last."""
        return super().get_event() if self.check_event() else None

    def scan_to_next_token(self) -> None:
        """Skip spaces, comments and line breaks; and tabs, where they cannot be taken for indentation."""
        while True:
            while self.peek() == " " or (self.peek() == "\t" and (self.flow_level or not self.allow_simple_key)):
                self.forward()
            if self.peek() == "#":
                while self.peek() not in _BREAKS + _END:
                    self.forward()
            if not self.scan_line_break():
                return
            if not self.flow_level:
                self.allow_simple_key = True

    def scan_directive_name(self, start_mark: Any) -> str:
        """Scan the name of a directive; there are two."""
        name: str = super().scan_directive_name(start_mark)
        if name not in ("YAML", "TAG"):
            self._refuse("while scanning a directive", start_mark, "found unknown directive name")
        return name

    def scan_plain(self) -> ScalarToken:
        """Scan a plain scalar, over as many lines as it has."""
        chunks: list[str] = []
        start = end = self.get_mark()
        indent = self.indent + 1
        gap: str | None = ""
        while gap is not None and self.peek() != "#":
            length = self._plain_length(start)
            if length == 0:
                break
            self.allow_simple_key = False
            chunks += [gap, self.prefix(length)]
            self.forward(length)
            end = self.get_mark()
            gap = self._plain_gap(indent, start)
            if not gap or (not self.flow_level and self.column < indent):
                break
        return ScalarToken("".join(chunks), True, start, end)

    def _plain_length(self, start: Any) -> int:
        length = 0
        while (character := self.peek(length)) not in _BLANKS + _BREAKS + _END:
            following = self.peek(length + 1)
            if character == ":" and self.flow_level and following in _FLOW + "?":
                self.forward(length)
                self._refuse("while scanning a plain scalar", start, "found unexpected ':'")
            if character == ":" and following in _BLANKS + _BREAKS + _END:
                break
            if self.flow_level and character in _FLOW:
                break
            length += 1
        return length

    def _plain_gap(self, indent: int, start: Any) -> str | None:
        """Return what the blanks and breaks up to the next character mean, or None before a document marker."""
        length = 0
        while self.peek(length) in _BLANKS:
            length += 1
        blanks: str = self.prefix(length)
        self.forward(length)
        if self.peek() not in _BREAKS:
            return blanks
        self.scan_line_break()
        self.allow_simple_key = True
        breaks = ""
        while not self._is_at_marker():
            if self.peek() == "\t" and self.column < indent:
                self._refuse("while scanning a plain scalar", start, "found a tab that violates indentation")
            if self.peek() in _BLANKS:
                self.forward()
            elif self.peek() in _BREAKS:
                breaks += self.scan_line_break()
            else:
                return breaks or " "
        return None

    def _is_at_marker(self) -> bool:
        return self.column == 0 and self.prefix(3) in ("---", "...") and self.peek(3) in _BLANKS + _BREAKS + _END

    def scan_flow_scalar(self, style: str) -> ScalarToken:
        """Scan a quoted scalar; escapes of code points that no text can hold are refused."""
        start = self.get_mark()
        try:
            token = super().scan_flow_scalar(style)
        except ValueError:  # chr() of more than U+10FFFF
            token = None
        if token is None or any("\ud800" <= character <= "\udfff" for character in token.value):
            self._refuse("while parsing a quoted scalar", start, "found invalid Unicode character escape code")
        return token

    def scan_block_scalar_indicators(self, start_mark: Any) -> tuple[bool | None, int | None]:
        """Scan what follows `|` or `>`: whether to keep the last line breaks, and the indentation."""
        chomping: bool | None = None
        increment: int | None = None
        for _ in range(2):
            if self.peek() in "+-" and chomping is None:
                chomping = self.peek() == "+"
            elif self.peek() in "0123456789" and increment is None:
                increment = int(self.peek())
                if increment == 0:
                    self._refuse("while scanning a block scalar", start_mark, "found an indentation of 0")
            else:
                break
            self.forward()
        return chomping, increment

    def scan_block_scalar_ignored_line(self, start_mark: Any) -> None:
        """Scan the rest of the header of a block scalar: blanks, a comment, the line break."""
        while self.peek() in _BLANKS:
            self.forward()
        if self.peek() == "#":
            while self.peek() not in _BREAKS + _END:
                self.forward()
        if self.peek() not in _BREAKS + _END:
            self._refuse("while scanning a block scalar", start_mark, "did not find comment or line break")
        self.scan_line_break()

    def scan_block_scalar_indentation(self) -> tuple[list[str], int, Any]:
        """Scan the blank lines before the content, which tells its indentation."""
        chunks: list[str] = []
        widest = 0
        end = self.get_mark()
        while self.peek() in " \t\r\n":
            if self.peek() == "\t":
                self._refuse("while scanning a block scalar", end, "found a tab where a space is expected")
            if self.peek() == " ":
                self.forward()
                widest = max(widest, self.column)
            else:
                chunks.append(self.scan_line_break())
                end = self.get_mark()
        return chunks, widest, end

    def scan_block_scalar_breaks(self, indent: int) -> tuple[list[str], Any]:
        """Scan the blank lines between lines of the content, and the indentation of the next one."""
        chunks: list[str] = []
        end = self.get_mark()
        while True:
            while self.column < indent and self.peek() == " ":
                self.forward()
            if self.column < indent and self.peek() == "\t":
                self._refuse("while scanning a block scalar", end, "found a tab where a space is expected")
            if self.peek() not in _BREAKS:
                return chunks, end
            chunks.append(self.scan_line_break())
            end = self.get_mark()

    def _refuse(self, context: str, start: Any, problem: str) -> NoReturn:
        raise ScannerError(context, start, problem, self.get_mark())
