/** Whether an engine failed for want of memory: its own words, since no engine has a code for it. */
import { isPickbenchError, messageOf } from "../system/errors.js";

/**
 * What engines say: ONNX Runtime's arena, on the CPU and on CUDA; CUDA and its libraries; WebGPU, whose device may also say
 * no more than that a buffer is invalid, where it could not be made, or that a buffer is larger than the device takes;
 * TensorFlow; C++ and JavaScript.
 */
const said = [
  /Failed to allocate memory for requested buffer/,
  /CUDA failure 2\b|\bout of memory\b/i,
  /(?:CUBLAS|CUDNN)_STATUS_ALLOC_FAILED|CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED/,
  /VK_ERROR_OUT_OF_(?:DEVICE|HOST)_MEMORY/,
  /exceeds the max(?:imum)? (?:storage )?buffer (?:binding )?size/i,
  /\[Invalid Buffer\b.*due to a previous error|BufferManager::Create\(/,
  /OOM when allocating tensor|Resource exhausted/i,
  /std::bad_alloc|\bbad allocation\b|Array buffer allocation failed/,
];

/** Tells whether what was thrown says that memory did not suffice. */
export function isOutOfMemory(thrown: unknown): boolean {
  if (isPickbenchError(thrown)) return thrown.tag === "OutOfMemory";
  const message = messageOf(thrown);
  return said.some((words) => words.test(message));
}
