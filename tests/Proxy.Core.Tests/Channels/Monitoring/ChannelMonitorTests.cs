using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Channels.Monitoring;
using Proxy.Configuration.Channels;

namespace Proxy.Core.Tests.Channels.Monitoring;

/// <summary>How changes are gathered.</summary>
public sealed class ChannelMonitorTests
{
    private static readonly DebounceConfig _debounce = new() { Min = TimeSpan.FromMilliseconds(1), Max = TimeSpan.FromSeconds(10) };

    [Theory]
    [InlineData(1.5)] // which a timer takes for never
    [InlineData(2.5)] // which it takes for a mistake
    public async Task Set_TimeRunsOutBetweenTwoLooksAtTheClock_IsTold(double milliseconds)
    {
        var clock = new LeapingClock([
            TimeSpan.Zero,
            TimeSpan.Zero,
            _debounce.Max - TimeSpan.FromTicks(1),
            _debounce.Max + TimeSpan.FromMilliseconds(milliseconds),
        ]);
        await using var monitor = new ChannelMonitor("boot", static () => "127.0.0.12", clock, NullLogger.Instance);
        clock.First = () => monitor.Set([new ChannelState("ring", "127.0.0.12", "Duplex")], _debounce); // one more change while it gathers
        monitor.Start();

        monitor.Set([], _debounce);

        await Eventually.TrueAsync(() => monitor.Current.ContainsKey("ring"));
    }

    /// <summary>Says what it was told to, and then the last for ever. Its timers are real ones.</summary>
    private sealed class LeapingClock(TimeSpan[] times) : TimeProvider
    {
        private int _looks;

        public Action? First { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp()
        {
            var look = Interlocked.Increment(ref _looks) - 1;
            if (look == 0)
            {
                First?.Invoke();
            }

            return times[Math.Min(look, times.Length - 1)].Ticks;
        }
    }
}
