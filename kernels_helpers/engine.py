"""The papermill engine ``dockbook``, as papermill finds it by its entry point.

papermill loads it whenever it is imported, and half imported itself: so nothing is
imported here before the engine is used.
"""

from typing import Any


class Engine:
    """Execute a notebook as papermill's own engine does, sooner."""

    @staticmethod
    def execute_notebook(nb: Any, kernel_name: str, **options: Any) -> Any:
        """Run the cells of a notebook; ``options`` are those of ``Execution``."""
        from kernels_helpers.execution import Execution

        return Execution.execute_notebook(nb, kernel_name, **options)

    @staticmethod
    def nb_kernel_name(nb: Any, name: str | None = None) -> Any:
        """Return the name of a notebook's kernel."""
        from papermill.utils import nb_kernel_name

        return nb_kernel_name(nb, name)

    @staticmethod
    def nb_language(nb: Any, language: str | None = None) -> Any:
        """Return the language of a notebook."""
        from papermill.utils import nb_language

        return nb_language(nb, language)
