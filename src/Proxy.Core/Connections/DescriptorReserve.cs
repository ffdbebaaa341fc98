using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Proxy.Connections;

/// <summary>
/// Keeps the last descriptors of the process free, since .NET aborts the process if it cannot open one for itself. Accepting stops when the
/// reserve is reached, dialing when half of it is used. The kernel assigns the lowest free number, so the number of a new descriptor tells
/// how full the table is.
/// </summary>
/// <param name="limit">The number of descriptors that the process may have (RLIMIT_NOFILE).</param>
internal sealed class DescriptorReserve(int limit)
{
    private const int Largest = 128;
    private const int DialsTake = 2; // dials for accepted clients may use half of the reserve

    private readonly int _reserve = Math.Min(Largest, limit / 4);

    /// <summary>The reserve of this process; without limit on systems that do not report one.</summary>
    public static DescriptorReserve OfProcess { get; } = new(ReadLimit());

    /// <summary>Throws if the reserve is in use, so that nothing is accepted.</summary>
    /// <param name="last">The descriptor that was accepted last. The table is checked again only if it was in the reserve.</param>
    /// <exception cref="SocketException">The reserve is in use.</exception>
    public void BeforeAccept(int last)
    {
        if (last >= limit - _reserve && NextFree() >= limit - _reserve)
        {
            throw Exhausted();
        }
    }

    /// <summary>Throws if the socket for a dial is in the last part of the reserve.</summary>
    /// <param name="handle">The handle of the socket.</param>
    /// <exception cref="SocketException">The socket is in the last part of the reserve; the caller closes it.</exception>
    public void BeforeDial(SafeHandle handle) => BeforeDial(NumberOf(handle));

    /// <inheritdoc cref="BeforeDial(SafeHandle)"/>
    public void BeforeDial(int descriptor)
    {
        if (descriptor >= limit - (_reserve / DialsTake))
        {
            throw Exhausted();
        }
    }

    /// <summary>The number of a handle's descriptor; 0 on systems that do not number descriptors from zero.</summary>
    /// <param name="handle">A handle.</param>
    /// <returns>The number.</returns>
    public static int NumberOf(SafeHandle handle)
    {
        ArgumentNullException.ThrowIfNull(handle);
        return OperatingSystem.IsLinux() ? (int)handle.DangerousGetHandle() : 0;
    }

    private SocketException Exhausted() =>
        new((int)SocketError.TooManyOpenSockets, $"too many open files: this process may have {limit} (ulimit -n)");

    private static int NextFree()
    {
        try
        {
            using var file = File.OpenHandle("/dev/null");
            return NumberOf(file);
        }
        catch (IOException)
        {
            return int.MaxValue;
        }
    }

    // "Max open files            1024                 524288               files", or "unlimited" as the number.
    private static int ReadLimit()
    {
        if (!OperatingSystem.IsLinux())
        {
            return int.MaxValue;
        }

        const string Name = "Max open files";
        var line = File.ReadLines("/proc/self/limits").FirstOrDefault(static line => line.StartsWith(Name, StringComparison.Ordinal));
        var soft = line?[Name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        return int.TryParse(soft, CultureInfo.InvariantCulture, out var limit) ? limit : int.MaxValue;
    }
}
