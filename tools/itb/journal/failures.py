"""What can go wrong while a pump is asked."""


class Unanswered(Exception):
    """The pump did not tell its journal. The message is for people, and says what to do."""
