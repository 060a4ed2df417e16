"""Logs of released log versions, and the keys of that time: what was recorded once is restored for ever."""
