"""What can go wrong for the person at the terminal, and nothing else.

    OmnicorpusError
      ConfigError      a config file, key or value is wrong
      InputError       an input can't be found or read
      OutputError      the output can't be written, or belongs to another run
      ModelMissing     a model's files are not there
      ShardFailed      a shard failed as often as it may be tried

Each message is one sentence that names the file, key or record, and the remedy. The command line prints it as it is and
exits with 2. A bad record is no exception: it is a `Drop`.
"""

from __future__ import annotations


class OmnicorpusError(Exception):
    """A fault that a person can mend; its text says how."""


class ConfigError(OmnicorpusError):
    pass


class InputError(OmnicorpusError):
    pass


class OutputError(OmnicorpusError):
    pass


class ModelMissing(OmnicorpusError):  # noqa: N818 - the field says "model missing"
    pass


class ShardFailed(OmnicorpusError):  # noqa: N818
    pass
