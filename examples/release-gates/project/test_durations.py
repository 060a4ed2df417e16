import unittest

from durations import seconds


class Durations(unittest.TestCase):
    def test_hours_and_minutes_add_up(self) -> None:
        self.assertEqual(seconds("1h 30m"), 5400)

    def test_anything_else_is_refused(self) -> None:
        with self.assertRaises(ValueError):
            seconds("soon")
