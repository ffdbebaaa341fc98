using Proxy.Conditions;
using Proxy.Conditions.Rules;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.Conditions.Rules;

public sealed class LogConditionsTests
{
    [Fact]
    public async Task Read_LinesLost_DegradedUntilFiveMinutesWithoutALoss()
    {
        var time = new ManualTime();
        await using var log = new AccessLog(new Full(), json: true, time);
        var conditions = new LogConditions(log);
        Assert.Equal(ConditionLevel.Ok, Assert.Single(conditions.Read()).Level);

        for (var i = 0; i < 40_000; i++)
        {
            log.Write(new ConnectionRecord(new FakeConnection(), "e", "", time));
        }

        await Eventually.TrueAsync(() => log.Dropped > 0);
        var lost = Assert.Single(conditions.Read());
        Assert.Equal((ConditionLevel.Degraded, ConditionReason.LinesLost), (lost.Level, lost.Reason));
        Assert.InRange(lost.Count, 1, 40_000);
        Assert.Equal(time.GetUtcNow(), lost.Since);
        time.Advance(TimeSpan.FromSeconds(301));
        Assert.Equal(ConditionLevel.Ok, Assert.Single(conditions.Read()).Level);
    }

    /// <summary>An output on which writing blocks for a while.</summary>
    private sealed class Full : StringWriter
    {
        public override void Write(char[] buffer, int index, int count) => throw new IOException("the disk is full");

        public override void Write(ReadOnlySpan<char> buffer) => throw new IOException("the disk is full");

        public override void Write(string? value) => throw new IOException("the disk is full");
    }
}
