using System.Buffers.Text;
using Microsoft.Win32.SafeHandles;

namespace Proxy.Connections.Linux;

/// <summary>
/// Tells how long a thread was ready to run and got no CPU, from <c>/proc/thread-self/schedstat</c> (proc(5), sched-stats), and how long garbage
/// collections paused the process.
/// </summary>
internal sealed class ThreadWait : IDisposable
{
    private const int Longest = 100; // bytes of the file: three numbers
    private const long NanosecondsPerMillisecond = 1_000_000;

    private readonly SafeFileHandle? _file;
    private long _cpu;
    private long _collection;

    private ThreadWait(SafeFileHandle? file)
    {
        _file = file;
        Note();
    }

    /// <summary>Opens the file of the calling thread. Other threads may then ask. A kernel without the file tells of collections only.</summary>
    public static ThreadWait OfThisThread() => Of("/proc/thread-self/schedstat");

    /// <summary>Opens such a file.</summary>
    internal static ThreadWait Of(string file)
    {
        try
        {
            return new(File.OpenHandle(file, share: FileShare.ReadWrite));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new(null);
        }
    }

    /// <summary>Notes the present sums, from which <see cref="SinceNote"/> counts.</summary>
    public void Note()
    {
        Volatile.Write(ref _cpu, ReadCpu());
        Volatile.Write(ref _collection, Collections());
    }

    /// <summary>How long the thread has waited since the last note.</summary>
    public WaitedTime SinceNote() => new(ReadCpu() - Volatile.Read(ref _cpu), Collections() - Volatile.Read(ref _collection));

    public void Dispose() => _file?.Dispose();

    private static long Collections() => (long)GC.GetTotalPauseDuration().TotalMilliseconds;

    // "run wait slices", in nanoseconds, nanoseconds and a count.
    private long ReadCpu()
    {
        if (_file is null)
        {
            return 0;
        }

        try
        {
            Span<byte> content = stackalloc byte[Longest];
            content = content[..RandomAccess.Read(_file, content, fileOffset: 0)];
            var wait = content[(content.IndexOf((byte)' ') + 1)..];
            return Utf8Parser.TryParse(wait, out long nanoseconds, out _) ? nanoseconds / NanosecondsPerMillisecond : 0;
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            return 0; // the thread has ended
        }
    }
}
