"""Models by open_clip: what they want, what they give, and what is said where they are missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from omnicorpus import standin
from omnicorpus.errors import ConfigError, ModelMissing
from omnicorpus.picture import Frame

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def clip():  # type: ignore[no-untyped-def]
    from omnicorpus import clip

    return clip


@pytest.fixture(scope="module")
def stand_in(clip):  # type: ignore[no-untyped-def]
    return clip.load(standin.build(), device="cpu")


def test_open_clip_is_not_imported_with_the_stages() -> None:
    code = "import sys, omnicorpus.images; print('torch' in sys.modules, 'open_clip' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_what_a_model_wants_is_known_without_its_weights(clip, stand_in) -> None:  # type: ignore[no-untyped-def]
    assert clip.frame("ViT-B-32", "openai") == Frame(224)
    assert clip.frame("ViT-L-14-336", "openai") == Frame(336)
    assert clip.frame("ViT-B-16-SigLIP", "webli") == Frame(224, "squash")
    assert clip.frame(standin.build()) == stand_in.frame == Frame(224)


def test_our_frame_is_open_clip_s_preprocessing(clip, stand_in) -> None:  # type: ignore[no-untyped-def]
    from PIL import Image

    from omnicorpus import picture

    generator = np.random.default_rng(0)
    for size in ((300, 200), (200, 300), (225, 223), (100, 90), (1000, 301)):
        rgb = Image.fromarray(generator.integers(0, 256, (size[1] // 10 + 1, size[0] // 10 + 1, 3), np.uint8)).resize(
            size
        )
        decoded = picture.Picture(rgb, rgb.convert("L"), "PNG")
        for resize in ("shortest", "squash", "longest"):
            theirs = clip.open_clip.image_transform(224, False, (0, 0, 0), (1, 1, 1), resize, "bicubic")(rgb)
            ours = picture.framed(decoded, Frame(224, resize))
            exact = np.rint(theirs.permute(1, 2, 0).numpy() * 255)
            assert np.array_equal(exact, ours), (size, resize)
            quick = picture.framed(decoded, Frame(224, resize), clip.resized)
            assert np.abs(exact - quick).max() <= 2


def test_vectors_do_not_depend_on_their_batch(stand_in) -> None:  # type: ignore[no-untyped-def]
    texts = ["a dog", "", "a much longer sentence about a dog that runs in the park with a ball", "犬", "a dog"]
    together, alone = stand_in.texts(texts), np.concatenate([stand_in.texts([text]) for text in texts])
    assert together.shape == (5, 384) and together.dtype == np.float32
    assert np.allclose(together, alone, atol=1e-5)
    assert np.array_equal(together, stand_in.texts(texts))
    pixels = np.random.default_rng(0).integers(0, 256, (5, 224, 224, 3), dtype=np.uint8)
    assert np.allclose(stand_in.images(pixels), stand_in.images(pixels, batch=2), atol=1e-5)
    assert np.allclose(np.linalg.norm(stand_in.images(pixels), axis=1), 1, atol=1e-5)


def test_nothing_gives_nothing(stand_in) -> None:  # type: ignore[no-untyped-def]
    assert stand_in.texts([]).shape == (0, 384)
    assert stand_in.images(np.empty((0, 224, 224, 3), np.uint8)).shape == (0, 384)


def test_a_native_model_of_a_weights_file(clip, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    model = clip.open_clip.create_model("ViT-S-32-alt", None)
    weights = tmp_path / "weights.pt"
    clip.torch.save(model.state_dict(), weights)
    loaded = clip.load("ViT-S-32-alt", str(weights), device="cpu")
    texts = ["a dog", "a very long cat", "", "word " * 200]
    with clip.torch.inference_mode():
        whole = loaded.model.encode_text(loaded.tokenizer(texts)).numpy()
    assert np.allclose(loaded.texts(texts), whole / np.linalg.norm(whole, axis=1, keepdims=True), atol=1e-5)
    assert loaded.images(np.zeros((3, 224, 224, 3), np.uint8)).shape == (3, loaded.dimension)


def test_missing_models_say_how_to_get_them(clip, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ConfigError, match="knows no model"):
        clip.load("ViT-of-nobody")
    with pytest.raises(ModelMissing, match=r"open_clip_config\.json"):
        clip.load(f"local-dir:{tmp_path}")
    with pytest.raises(ModelMissing, match=r"clip\.pretrained"):
        clip.load("ViT-B-32", str(tmp_path / "nothing.pt"), device="cpu")
    with pytest.raises(ModelMissing, match=r"set images\.clip\.pretrained"):
        clip.load("ViT-B-32", device="cpu")


def test_a_gpu_that_is_not_there_is_no_cpu(clip) -> None:  # type: ignore[no-untyped-def]
    if clip.torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(ConfigError, match="sees no GPU"):
        clip.load("ViT-B-32", device="cuda")
