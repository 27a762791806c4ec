"""How this process treats its memory."""

import gc


def settle() -> None:
    """Say that what has been loaded and built by now stays for good.

    A full collection looks at every object there is, for tens of milliseconds on a Raspberry Pi, and no sound is made
    meanwhile; and it waits until a quarter as much has come as there is, many calls' worth. From now on it looks at
    what calls bring and leave, often and briefly.
    """
    gc.collect()
    gc.freeze()
    gc.collect()  # counts anew what there is: nothing
