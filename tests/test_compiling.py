"""Compiling: a machine without a folder for code is slower to start, but works."""


def test_a_loop_without_a_folder_for_its_code_still_compiles(monkeypatch):
    from patron import compiling

    def refuse(**settings):
        if settings.get("cache"):
            raise RuntimeError("no locator available")
        return lambda function: function

    monkeypatch.setattr(compiling.numba, "njit", refuse)
    assert compiling.compiled(len)([1, 2]) == 2
