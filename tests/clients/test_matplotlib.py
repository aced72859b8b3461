"""matplotlib draws arrays as they are: lines, images, histograms, scatters, error bars and contours."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
import mlx.core as mx  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402

X = mx.linspace(0, 6, 40)
GRID = mx.sin(X)[:, None] * mx.cos(X)[None, :]


@pytest.fixture
def axes():
    figure, axes = plt.subplots()
    yield axes
    figure.canvas.draw()
    assert np.asarray(figure.canvas.buffer_rgba())[..., :3].std() > 1
    plt.close(figure)


def test_a_line_holds_the_values(axes):
    (line,) = axes.plot(X, mx.sin(X))
    np.testing.assert_allclose(line.get_ydata(), np.sin(np.array(X)), rtol=1e-5, atol=1e-6)


def test_lines_from_the_columns_of_a_matrix(axes):
    assert len(axes.plot(mx.stack([mx.sin(X), mx.cos(X)], axis=1))) == 2


def test_an_image_holds_the_values(axes):
    np.testing.assert_array_equal(axes.imshow(GRID).get_array(), np.array(GRID))


def test_a_histogram_counts(axes):
    counts, *_ = axes.hist(mx.random.normal((1000,), key=mx.random.key(0)), bins=20)
    assert counts.sum() == 1000


DRAWINGS = {
    "scatter": lambda axes: axes.scatter(X, mx.sin(X), c=mx.cos(X), s=mx.abs(X) + 1),
    "errorbar": lambda axes: axes.errorbar(X, mx.sin(X), yerr=mx.ones_like(X) * 0.1),
    "fill_between": lambda axes: axes.fill_between(X, mx.sin(X) - 1, mx.sin(X) + 1),
    "contourf": lambda axes: axes.contourf(X, X, GRID),
    "pcolormesh": lambda axes: axes.pcolormesh(X, X, GRID),
    "quiver": lambda axes: axes.quiver(X[:5], X[:5], mx.sin(X[:5]), mx.cos(X[:5])),
    "axhline of a 0-d array": lambda axes: (axes.plot(X, X), axes.axhline(mx.array(1.5).item())),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_drawing(name, axes):
    DRAWINGS[name](axes)
