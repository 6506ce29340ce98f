"""What `alquimista up` starts: `serve` and `worker` without the frame of the command line.

Reading options costs a quarter of a second and 15 MB in each process, and there are none to read.
"""

import sys

from alquimista.cli.serve import serve
from alquimista.cli.worker import worker


def main() -> None:
    """`serve` with the descriptor of a listening socket, or `worker`. Ends as the command would."""
    try:
        match sys.argv[1:]:
            case ["serve", listener]:
                serve(fd=int(listener))
            case ["worker"]:
                worker()
            case _:
                sys.exit("Only `alquimista up` starts this.")
    except Exception as error:  # noqa: BLE001 - The log gets the sentence that a person would.
        from alquimista.cli.main import report

        sys.exit(report(error))


if __name__ == "__main__":
    main()
