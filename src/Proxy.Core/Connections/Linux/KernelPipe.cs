using Proxy.Native;

namespace Proxy.Connections.Linux;

/// <summary>A kernel pipe through which splice moves bytes without copying them into this process.</summary>
internal sealed unsafe class KernelPipe
{
    private const int WantedCapacity = 256 * 1024;

    private KernelPipe() { }

    public int Reading { get; private set; }

    public int Writing { get; private set; }

    /// <summary>The number of bytes to request per splice; the kernel moves fewer if the pipe is smaller.</summary>
    public static nuint Capacity => WantedCapacity;

    /// <summary>Creates a pipe; null if descriptors are scarce, since bytes can be copied, too.</summary>
    public static KernelPipe? TryCreate()
    {
        var pipe = new KernelPipe(); // first, since without memory for it the descriptors would never be closed
        var ends = stackalloc int[2];
        if (!Resources.OfProcess.MaySpare() || Libc.Pipe(ends, Libc.OpenNonBlock | Libc.OpenCloexec) < 0)
        {
            return null;
        }

        // Refused beyond a per-user limit; the pipe then keeps its default size of 64 KiB.
        _ = Libc.FileControl(ends[1], Libc.SetPipeSize, WantedCapacity);
        (pipe.Reading, pipe.Writing) = (ends[0], ends[1]);
        return pipe;
    }

    public void Close()
    {
        Descriptor.Close(Reading);
        Descriptor.Close(Writing);
    }
}
