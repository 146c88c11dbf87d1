"""A run leaves the laboratory: ONNX and SavedModel, and translation on onnxruntime."""
