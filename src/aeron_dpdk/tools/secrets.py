"""What must not leave the machine in a report: the values of settings whose names suggest that they are
secret."""

import re

LEFT_OUT = "(left out)"
_SECRET_WORD = r"secret|token|passw|passphrase|credential|private[_.-]?key|api[_.-]?key|access[_.-]?key"
# NAME=value and name: value up to the end of the line, as in environment files, properties and logs; JSON
# strings up to their end.
_SETTING = re.compile(rf'(?i)((?:{_SECRET_WORD})[\w.-]*"?[ \t]*[=:][ \t]*)("(?:[^"\\\n]|\\.)*"|[^\n,;}}]+)')
_USER_INFO = re.compile(r"(?<=://)[^\s/@]+(?=@)")
# AWS's identifiers of access keys: IAM User Guide, "Unique identifiers".
_AWS_KEY = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")


def without_secrets(text: str) -> str:
    text = _SETTING.sub(rf"\g<1>{LEFT_OUT}", text)
    return _AWS_KEY.sub(LEFT_OUT, _USER_INFO.sub(LEFT_OUT, text))
