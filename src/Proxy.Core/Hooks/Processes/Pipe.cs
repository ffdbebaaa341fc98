using System.ComponentModel;
using System.IO.Pipes;
using Microsoft.Win32.SafeHandles;
using Proxy.Native;

namespace Proxy.Hooks.Processes;

/// <summary>One of a child's standard streams: its end and ours. No child gets either that is not given it.</summary>
internal sealed class Pipe : IDisposable
{
    private readonly SafePipeHandle _theirs;
    private Stream? _ours;

    private Pipe(SafePipeHandle theirs, Stream ours)
    {
        _theirs = theirs;
        _ours = ours;
    }

    /// <summary>The number of their end, until this is disposed.</summary>
    public int Theirs => (int)_theirs.DangerousGetHandle();

    /// <param name="direction">What we do with it.</param>
    /// <exception cref="Win32Exception">There are no descriptors left.</exception>
    public static unsafe Pipe Open(PipeDirection direction)
    {
        var ends = stackalloc int[2];
        if (Libc.Pipe(ends, Libc.OpenCloexec) < 0)
        {
            throw new Win32Exception(Errno.Last);
        }

        var read = new SafePipeHandle(ends[0], ownsHandle: true);
        var write = new SafePipeHandle(ends[1], ownsHandle: true);
        return direction == PipeDirection.In
            ? new Pipe(write, new AnonymousPipeClientStream(direction, read))
            : new Pipe(read, new AnonymousPipeClientStream(direction, write));
    }

    /// <summary>Our end, from now on the caller's to dispose.</summary>
    public Stream Take()
    {
        var ours = _ours ?? throw new InvalidOperationException("It was taken before.");
        _ours = null;
        return ours;
    }

    public void Dispose()
    {
        _theirs.Dispose();
        _ours?.Dispose();
    }
}
