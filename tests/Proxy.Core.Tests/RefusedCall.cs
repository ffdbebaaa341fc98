using System.Runtime.InteropServices;
using Cpu = System.Runtime.InteropServices.Architecture;

namespace Proxy.Core.Tests;

/// <summary>
/// Refuses a system call on one descriptor to the thread it runs on, by a seccomp filter, as the profile of a container may. Threads that this one
/// starts inherit the filter, and those of the thread pool, which it may start, run other tests later. So the descriptor has to stay open for as long
/// as the process runs: then its number is no other test's.
/// </summary>
/// <param name="call">The number of the call on x64.</param>
/// <param name="callOnArm">The number of the call on arm64.</param>
/// <param name="descriptor">The first argument of the calls that fail.</param>
/// <param name="errno">How they fail.</param>
internal sealed class RefusedCall(uint call, uint callOnArm, int descriptor, int errno) : IThreadPoolWorkItem
{
    private const int SetNoNewPrivileges = 38;
    private const int SetSeccomp = 22;
    private const int ModeFilter = 2;
    private readonly TaskCompletionSource _installed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether there are numbers of calls for this machine.</summary>
    public static bool IsKnownHere => OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Cpu.X64 or Cpu.Arm64;

    public Task Installed => _installed.Task;

    public void Execute()
    {
        var number = RuntimeInformation.ProcessArchitecture == Cpu.X64 ? call : callOnArm;
        Filter[] filters =
        [
            new(0x20, 0, 0, 0), // load the number of the call
            new(0x15, 0, 3, number), // if it is this one …
            new(0x20, 0, 0, 16), // … load the lower half of its first argument
            new(0x15, 0, 1, (uint)descriptor), // … and if that is this descriptor …
            new(0x06, 0, 0, 0x0005_0000u | (uint)errno), // … fail so
            new(0x06, 0, 0, 0x7fff_0000), // else go on
        ];
        var pinned = GCHandle.Alloc(filters, GCHandleType.Pinned);
        try
        {
            var program = new Program { Length = (ushort)filters.Length, Filters = pinned.AddrOfPinnedObject() };
            if (Control(SetNoNewPrivileges, 1, 0) != 0 || ControlProgram(SetSeccomp, ModeFilter, ref program) != 0)
            {
                _installed.SetException(new InvalidOperationException("No seccomp here."));
                return;
            }

            _installed.SetResult();
        }
        finally
        {
            pinned.Free();
        }
    }

    [DllImport("libc", EntryPoint = "prctl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Control(int option, nint first, nint second, nint third = 0, nint fourth = 0);

    [DllImport("libc", EntryPoint = "prctl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ControlProgram(int option, nint mode, ref Program program, nint third = 0, nint fourth = 0);

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Filter(ushort Code, byte True, byte False, uint Value);

    [StructLayout(LayoutKind.Sequential)]
    private struct Program
    {
        public ushort Length;
        public nint Filters;
    }
}
