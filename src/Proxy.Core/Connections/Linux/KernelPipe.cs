using Proxy.Native;

namespace Proxy.Connections.Linux;

/// <summary>A kernel pipe through which splice moves bytes without copying them into this process.</summary>
internal sealed unsafe class KernelPipe
{
    private const int WantedCapacity = 256 * 1024;

    private KernelPipe(int reading, int writing)
    {
        Reading = reading;
        Writing = writing;
    }

    public int Reading { get; }

    public int Writing { get; }

    /// <summary>The number of bytes to request per splice; the kernel moves fewer if the pipe is smaller.</summary>
    public static nuint Capacity => WantedCapacity;

    /// <summary>Creates a pipe; null if descriptors are scarce, since bytes can be copied, too.</summary>
    public static KernelPipe? TryCreate()
    {
        var ends = stackalloc int[2];
        if (!Resources.OfProcess.MaySpare() || Libc.Pipe(ends, Libc.OpenNonBlock | Libc.OpenCloexec) < 0)
        {
            return null;
        }

        // Refused beyond a per-user limit; the pipe then keeps its default size of 64 KiB.
        _ = Libc.FileControl(ends[1], Libc.SetPipeSize, WantedCapacity);
        return new KernelPipe(ends[0], ends[1]);
    }

    public void Close()
    {
        Descriptor.Close(Reading);
        Descriptor.Close(Writing);
    }
}
