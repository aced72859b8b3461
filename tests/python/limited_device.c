// Put before the OpenCL loader by LD_PRELOAD, this makes every device one of fewer abilities, which
// it holds to: a program that uses what it lacks does not build, a launch that takes too much
// fails. Variables, each optional:
//
//   LIMIT_WITHOUT  words, the extensions that it lacks: cl_khr_fp64 and cl_khr_fp16 take their
//                  types along
//   LIMIT_LOCAL    bytes of local memory
//   LIMIT_ITEMS    work-items of a group in each dimension (CL_DEVICE_MAX_WORK_ITEM_SIZES)
//   LIMIT_KERNEL   work-items of a group of any kernel (CL_KERNEL_WORK_GROUP_SIZE)
//   LIMIT_ABSENT   devices are there, but not available
//   LIMIT_TYPE     integrated or discrete: devices are GPUs that share the host's memory or do not;
//                  accelerator: they are such
//
// It says on stderr what was refused.
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REAL(name) ((__typeof__(&name))dlsym(dlopen("libOpenCL.so.1", RTLD_LAZY), #name))

static size_t limit(const char* name) {
  const char* const text = getenv(name);
  return text ? strtoull(text, NULL, 10) : 0;
}

static int lacks(const char* extension) {
  const char* const without = getenv("LIMIT_WITHOUT");
  return without && strstr(without, extension) != NULL;
}

static cl_int refuse(cl_int code, const char* what, size_t wanted, size_t most) {
  fprintf(stderr, "limited device: %s: %zu of at most %zu\n", what, wanted, most);
  return code;
}

/// Blanks the extensions out that are lacking.
static void without_extensions(char* text) {
  for (char* word = text; *word;) {
    const size_t length = strcspn(word, " ");
    char name[128];
    snprintf(name, sizeof name, "%.*s", (int)length, word);
    if (length && lacks(name)) memset(word, ' ', length);
    word += length + strspn(word + length, " ");
  }
}

cl_int clGetDeviceInfo(cl_device_id device, cl_device_info what, size_t size, void* value,
                       size_t* needed) {
  const cl_int code = REAL(clGetDeviceInfo)(device, what, size, value, needed);
  if (code != CL_SUCCESS || !value) return code;
  const size_t local = limit("LIMIT_LOCAL"), items = limit("LIMIT_ITEMS");
  if (what == CL_DEVICE_LOCAL_MEM_SIZE && local) *(cl_ulong*)value = local;
  if (what == CL_DEVICE_MAX_WORK_ITEM_SIZES && items)
    for (size_t i = 0; i < size / sizeof(size_t); ++i) ((size_t*)value)[i] = items;
  if (what == CL_DEVICE_EXTENSIONS) without_extensions(value);
  if (what == CL_DEVICE_DOUBLE_FP_CONFIG && lacks("cl_khr_fp64")) *(cl_device_fp_config*)value = 0;
  const char* const type = getenv("LIMIT_TYPE");
  if (what == CL_DEVICE_TYPE && type)
    *(cl_device_type*)value =
        strcmp(type, "accelerator") ? CL_DEVICE_TYPE_GPU : CL_DEVICE_TYPE_ACCELERATOR;
  if (what == CL_DEVICE_HOST_UNIFIED_MEMORY && type) *(cl_bool*)value = !strcmp(type, "integrated");
  if (what == CL_DEVICE_AVAILABLE && getenv("LIMIT_ABSENT")) *(cl_bool*)value = CL_FALSE;
  return code;
}

cl_int clGetKernelWorkGroupInfo(cl_kernel kernel, cl_device_id device,
                                cl_kernel_work_group_info what, size_t size, void* value,
                                size_t* needed) {
  const cl_int code = REAL(clGetKernelWorkGroupInfo)(kernel, device, what, size, value, needed);
  const size_t most = limit("LIMIT_KERNEL");
  if (code == CL_SUCCESS && value && what == CL_KERNEL_WORK_GROUP_SIZE && most)
    if (*(size_t*)value > most) *(size_t*)value = most;
  return code;
}

cl_program clCreateProgramWithSource(cl_context context, cl_uint count, const char** texts,
                                     const size_t* lengths, cl_int* code) {
  static const char* const heads[] = {
      "", "#undef cl_khr_fp64\n#define double no_double_here\n",
      "#undef cl_khr_fp16\n#define half2 no_half_here\n",
      "#undef cl_khr_fp64\n#define double no_double_here\n#undef cl_khr_fp16\n"};
  const char* head = heads[(lacks("cl_khr_fp64") ? 1 : 0) + (lacks("cl_khr_fp16") ? 2 : 0)];
  const char** all = malloc((count + 1) * sizeof *all);
  size_t* sizes = calloc(count + 1, sizeof *sizes);  // zero: up to the terminating null
  all[0] = head;
  for (cl_uint i = 0; i < count; ++i) {
    all[i + 1] = texts[i];
    sizes[i + 1] = lengths ? lengths[i] : 0;
  }
  const cl_program program = REAL(clCreateProgramWithSource)(context, count + 1, all, sizes, code);
  free(all);
  free(sizes);
  return program;
}

cl_int clEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions,
                              const size_t* offset, const size_t* global, const size_t* local,
                              cl_uint count, const cl_event* events, cl_event* event) {
  const size_t memory = limit("LIMIT_LOCAL"), items = limit("LIMIT_ITEMS");
  cl_device_id device = NULL;
  REAL(clGetCommandQueueInfo)(queue, CL_QUEUE_DEVICE, sizeof device, &device, NULL);
  cl_ulong used = 0;
  REAL(clGetKernelWorkGroupInfo)(kernel, device, CL_KERNEL_LOCAL_MEM_SIZE, sizeof used, &used,
                                 NULL);
  if (memory && used > memory)
    return refuse(CL_OUT_OF_RESOURCES, "bytes of local memory", used, memory);
  size_t group = 1;
  for (cl_uint d = 0; local && d < dimensions; ++d) {
    if (items && local[d] > items)
      return refuse(CL_INVALID_WORK_ITEM_SIZE, "work-items in a dimension", local[d], items);
    group *= local[d];
  }
  const size_t most = limit("LIMIT_KERNEL");
  if (most && group > most)
    return refuse(CL_INVALID_WORK_GROUP_SIZE, "work-items of a kernel's group", group, most);
  return REAL(clEnqueueNDRangeKernel)(queue, kernel, dimensions, offset, global, local, count,
                                      events, event);
}
