"""Operations: what a step of a program can do with slots."""

from enum import IntEnum

__all__ = ["Operation"]


class Operation(IntEnum):
    """What a step does with the slots x, y, z that it reads."""

    CONSTANT = 0  # its number
    FILLED = 1  # x, and its number where y, the events view, is none or x unknown
    ADD = 2
    SUBTRACT = 3
    MULTIPLY = 4
    DIVIDE = 5
    NULL_IF = 6  # null where x equals y
    FIRST_KNOWN = 7
    EQUAL = 8
    LESS = 9
    AT_MOST = 10
    BOTH = 11
    NOT = 12
    CHOICE = 13  # y where x holds, else z
    IS_NULL = 14
    GREATEST = 15  # of those known
    LEAST = 16
    EXP = 17
    ROOT = 18
    LOG2 = 19
    OUTPUT = 20  # x, written to a column
