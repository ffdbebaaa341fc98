using Proxy.Native;

namespace Proxy.Timing;

/// <summary>
/// A clock that also runs while the machine is suspended and while the process is stopped, for what another machine counts meanwhile, such as a lease. Its
/// timers are those of the system, which on Linux stand still during a suspension: what waits for long has to look at the clock now and then.
/// </summary>
/// <remarks>
/// On Linux it is CLOCK_BOOTTIME. Elsewhere it is the system's monotonic clock: on Windows that counts a suspension, too. On macOS it stands still while the machine
/// sleeps, so that a lease seems to last longer by that time, until the next renewal is answered: a Mac that sleeps must not hold what only one host may have.
/// </remarks>
internal sealed unsafe class SuspendAwareTime : TimeProvider
{
    private const long Nanoseconds = 1_000_000_000;

    private SuspendAwareTime() { }

    /// <summary>The clock of this process.</summary>
    public static TimeProvider OfProcess { get; } = IsSupported() ? new SuspendAwareTime() : System;

    /// <inheritdoc />
    public override long TimestampFrequency => Nanoseconds;

    /// <inheritdoc />
    public override long GetTimestamp()
    {
        var time = stackalloc long[2];
        return Libc.GetTime(Libc.ClockBootTime, time) == 0
            ? (time[0] * Nanoseconds) + time[1]
            : throw new InvalidOperationException("CLOCK_BOOTTIME cannot be read.");
    }

    private static bool IsSupported()
    {
        var time = stackalloc long[2];
        return OperatingSystem.IsLinux() && Libc.GetTime(Libc.ClockBootTime, time) == 0;
    }
}
