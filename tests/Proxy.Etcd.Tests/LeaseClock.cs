namespace Proxy.Etcd.Tests;

/// <summary>
/// A clock of leases that goes when a test says so, while its timers are the system's: no lease ends because the machine is busy, and no test
/// waits for the time at which one is renewed.
/// </summary>
internal sealed class LeaseClock : TimeProvider
{
    private long _ticks = 1;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Read(ref _ticks);

    /// <summary>Lets time pass. What is due is noticed within a second.</summary>
    public void Pass(TimeSpan time) => Interlocked.Add(ref _ticks, time.Ticks);
}
