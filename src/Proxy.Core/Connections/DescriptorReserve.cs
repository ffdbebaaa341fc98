using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Proxy.Connections;

/// <summary>
/// Keeps the last descriptors of the process free: .NET aborts the whole process when it cannot open one for itself, so
/// accepting stops early and dialing a little later. The kernel hands out the lowest free number, which makes the number
/// of a new descriptor the measure of how full the table is.
/// </summary>
/// <param name="limit">How many descriptors the process may have (RLIMIT_NOFILE).</param>
internal sealed class DescriptorReserve(int limit)
{
    private const int Largest = 128;
    private const int DialsTake = 2; // the half of the reserve that dials for accepted clients may use

    private readonly int _reserve = Math.Min(Largest, limit / 4);

    /// <summary>That of this process; without limit on systems that do not say.</summary>
    public static DescriptorReserve OfProcess { get; } = new(ReadLimit());

    /// <summary>Refuses to accept while the reserve is in use.</summary>
    /// <param name="last">The descriptor accepted last: only when it was from the reserve, the table is looked at again.</param>
    /// <exception cref="SocketException">The reserve is in use.</exception>
    public void BeforeAccept(int last)
    {
        if (last >= limit - _reserve && NextFree() >= limit - _reserve)
        {
            throw Exhausted();
        }
    }

    /// <summary>Refuses a socket that was made for dialing when it took the last part of the reserve.</summary>
    /// <param name="handle">The socket's handle.</param>
    /// <exception cref="SocketException">It did; the caller closes it.</exception>
    public void BeforeDial(SafeHandle handle) => BeforeDial(NumberOf(handle));

    /// <inheritdoc cref="BeforeDial(SafeHandle)"/>
    public void BeforeDial(int descriptor)
    {
        if (descriptor >= limit - (_reserve / DialsTake))
        {
            throw Exhausted();
        }
    }

    /// <summary>The number behind a handle; 0 on systems that do not number their descriptors from zero.</summary>
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
