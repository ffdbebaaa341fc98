using System.ComponentModel;
using System.IO.Pipes;
using Microsoft.Win32.SafeHandles;
using Proxy.Native;

namespace Proxy.Hooks.Processes;

/// <summary>A pipe to one of a child's standard streams. Neither end is inherited unless it is passed explicitly.</summary>
internal sealed class Pipe : IDisposable
{
    private readonly SafePipeHandle _theirs;
    private Stream? _ours;

    private Pipe(SafePipeHandle theirs, Stream ours)
    {
        _theirs = theirs;
        _ours = ours;
    }

    /// <summary>The descriptor of the child's end, until this object is disposed.</summary>
    public int Theirs => (int)_theirs.DangerousGetHandle();

    /// <param name="direction">The direction of this process's end.</param>
    /// <exception cref="Win32Exception">No descriptor is left.</exception>
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

    /// <summary>Returns this process's end, which the caller then has to dispose.</summary>
    public Stream Take()
    {
        var ours = _ours ?? throw new InvalidOperationException("The stream was taken before.");
        _ours = null;
        return ours;
    }

    public void Dispose()
    {
        _theirs.Dispose();
        _ours?.Dispose();
    }
}
