import { afterEach, describe, expect, test, vi } from "vitest";
import { deviceFault } from "../../src/engines/faults.js";
import { isOutOfMemory } from "../../src/engines/outOfMemory.js";
import { PickbenchError } from "../../src/system/errors.js";

afterEach(() => vi.unstubAllEnvs());

/** The beginning of what ONNX Runtime throws where CUDA fails, as its users report it. */
const cudaCall =
  "/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_call.cc:122 std::conditional_t<THRW, void, onnxruntime::common::Status> onnxruntime::CudaCall(ERRTYPE, const char*, const char*, SUCCTYPE, const char*, const char*, int) [with ERRTYPE = cudaError; bool THRW = true; SUCCTYPE = cudaError; std::conditional_t<THRW, void, common::Status> = void] ";
const setDevice = "file=/onnxruntime_src/x.cc ; line=336 ; expr=cudaSetDevice(info_.device_id); ";
const cuda = (number: number, words: string): Error =>
  new Error(`${cudaCall}CUDA failure ${number}: ${words} ; GPU=-1 ; hostname=node1 ; ${setDevice}`);
const missing = (library: string): Error =>
  new Error(
    `/onnxruntime_src/onnxruntime/core/session/provider_bridge_ort.cc:1778 onnxruntime::Provider& onnxruntime::ProviderLibrary::Get() [ONNXRuntimeError] : 1 : FAIL : Failed to load library libonnxruntime_providers_cuda.so with error: ${library}: cannot open shared object file: No such file or directory\n`,
  );

describe("what is wrong with CUDA, in a sentence", () => {
  test.each([
    [
      cuda(35, "CUDA driver version is insufficient for CUDA runtime version"),
      /driver is too old for CUDA 12/,
      /install driver 525/,
    ],
    [cuda(100, "no CUDA-capable device is detected"), /CUDA finds no card/, /nvidia-smi/],
    [
      cuda(803, "system has unsupported display driver / cuda driver combination"),
      /of different versions/,
      /restart/,
    ],
    [missing("libcudnn.so.9"), /libcudnn\.so\.9 of cuDNN is not found/, /cuDNN 9.*LD_LIBRARY_PATH/],
    [missing("libcublasLt.so.12"), /libcublasLt\.so\.12 of CUDA is not found/, /CUDA 12.*LD_LIBRARY_PATH/],
    [missing("libcuda.so.1"), /libcuda\.so\.1 of the NVIDIA driver is not found/, /install the driver/],
  ])("%#", (thrown, reason, mend) => {
    const fault = deviceFault("onnx-cuda", thrown);
    expect(fault.reason).toMatch(reason);
    expect(fault.reason).not.toMatch(/\n|onnxruntime_src|hostname/);
    expect(fault.mend).toMatch(mend);
  });

  test("what is not known is said in ONNX Runtime's words, without its file, function and machine", () => {
    const { reason, mend } = deviceFault("onnx-cuda", cuda(719, "unspecified launch failure"));
    expect(reason).toBe("CUDA failure 719: unspecified launch failure");
    expect(mend).toBeNull();
  });
});

const noAdapter = new Error("Failed to get a WebGPU adapter: No supported adapters");

describe.runIf(process.platform === "linux")("why WebGPU finds no card, in a sentence", () => {
  test("the environment names a driver that does not exist", () => {
    vi.stubEnv("VK_DRIVER_FILES", "");
    vi.stubEnv("VK_ICD_FILENAMES", "/nowhere/card.json");
    expect(deviceFault("onnx-webgpu", noAdapter)).toEqual({
      reason:
        "WebGPU finds no card: VK_ICD_FILENAMES names the driver /nowhere/card.json, which does not exist",
      mend: "unset VK_ICD_FILENAMES, or name one that does",
    });
  });

  test("a driver that is there offers no device", () => {
    vi.stubEnv("VK_DRIVER_FILES", "package.json");
    expect(deviceFault("onnx-webgpu", noAdapter).reason).toBe(
      "Vulkan's driver package.json offers no device",
    );
  });

  test("no driver is installed, or those that are offer no device", () => {
    vi.stubEnv("VK_DRIVER_FILES", "");
    vi.stubEnv("VK_ICD_FILENAMES", "");
    expect(deviceFault("onnx-webgpu", noAdapter).reason).toMatch(
      /^WebGPU finds no card: (?:no Vulkan driver is installed|the Vulkan drivers .* offer no device)/,
    );
  });
});

describe("want of memory is known by what engines say", () => {
  test.each([
    [
      "ONNX Runtime's arena",
      "Non-zero status code returned while running Add node. Name:'Add_0' Status Message: /onnxruntime_src/onnxruntime/core/framework/bfc_arena.cc:360 void* onnxruntime::BFCArena::AllocateRawInternal(size_t, bool, onnxruntime::Stream*) Failed to allocate memory for requested buffer of size 32212254720",
    ],
    ["CUDA", `${cudaCall}CUDA failure 2: out of memory ; GPU=0 ; hostname=n ; ${setDevice}`],
    ["cuBLAS", "CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED ; GPU=0 ; hostname=n"],
    [
      "WebGPU, by its limit",
      "WebGPU validation failed. Buffer size (3221225472) exceeds the max buffer size limit (1073741824).\n - While calling [Device].CreateBuffer([BufferDescriptor]).\n",
    ],
    [
      "WebGPU, whose buffer could not be made",
      'WebGPU validation failed. [Invalid Buffer (unlabeled)] is invalid due to a previous error.\n - While validating entries[2] against { binding: 2 }.\n - While calling [Device].CreateBindGroup([BindGroupDescriptor ""Add""]).\n',
    ],
    [
      "WebGPU, within a node",
      "Non-zero status code returned while running ReduceSum node. Name:'ReduceSum_41' Status Message: /onnxruntime_src/onnxruntime/core/providers/webgpu/buffer_manager.cc:562 WGPUBufferImpl* onnxruntime::webgpu::BufferManager::Create(size_t, wgpu::BufferUsage, bool, bool) const [ONNXRuntimeError] : 1 : FAIL : Failed to create a WebGPU compute pipeline: [Invalid ShaderModule]",
    ],
    [
      "TensorFlow",
      "OOM when allocating tensor with shape[1,187,103,4] and type float on /job:localhost/replica:0/task:0/device:GPU:0 by allocator GPU_0_bfc",
    ],
    ["JavaScript", "Array buffer allocation failed"],
  ])("%s", (_, message) => {
    expect(isOutOfMemory(new Error(message))).toBe(true);
  });

  test.each([
    "CUDA failure 719: unspecified launch failure ; GPU=0 ; hostname=n",
    "CUDA failure 209: no kernel image is available for execution on the device",
    "Got invalid dimensions for input: image for the following indices index: 2 Got: 8 Expected: 16",
    "the loss became NaN at step 3",
  ])("not by %s", (message) => {
    expect(isOutOfMemory(new Error(message))).toBe(false);
  });

  test("and by the tag that carries it between threads", () => {
    expect(isOutOfMemory(new PickbenchError("OutOfMemory", "it does not fit"))).toBe(true);
    expect(isOutOfMemory(new PickbenchError("BadUsage", "out of memory"))).toBe(false);
  });
});
