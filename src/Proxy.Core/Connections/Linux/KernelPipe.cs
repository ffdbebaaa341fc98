using Proxy.Native;

namespace Proxy.Connections.Linux;

/// <summary>A pipe that bytes pass through without entering this process.</summary>
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

    /// <summary>What a splice may ask for; the kernel gives fewer when it has fewer.</summary>
    public static nuint Capacity => WantedCapacity;

    /// <summary>A new pipe, or null when there are no descriptors.</summary>
    public static KernelPipe? TryCreate()
    {
        var ends = stackalloc int[2];
        if (Libc.Pipe(ends, Libc.OpenNonBlock | Libc.OpenCloexec) < 0)
        {
            return null;
        }

        // Refused beyond a limit per user; the default of 64 KiB does then.
        _ = Libc.FileControl(ends[1], Libc.SetPipeSize, WantedCapacity);
        return new KernelPipe(ends[0], ends[1]);
    }

    public void Close()
    {
        Descriptor.Close(Reading);
        Descriptor.Close(Writing);
    }
}
