using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Proxy.Core.Tests;

/// <summary>A copy of a descriptor, as a child process has one from its start until it runs its program.</summary>
internal sealed class DescriptorCopy(Socket socket) : IDisposable
{
    private const int DuplicateCloseOnExec = 1030;

    private readonly int _number = Control((int)socket.Handle, DuplicateCloseOnExec, 0) is >= 0 and var number
        ? number
        : throw new InvalidOperationException("There is no copy.");

    public void Dispose() => _ = Close(_number);

    [DllImport("libc", EntryPoint = "fcntl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Control(int descriptor, int command, nint argument);

    [DllImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int descriptor);
}
