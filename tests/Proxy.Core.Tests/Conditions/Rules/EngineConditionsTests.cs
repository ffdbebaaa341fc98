using Proxy.Conditions;
using Proxy.Conditions.Rules;
using Proxy.Diagnostics;
using Proxy.Engine;

namespace Proxy.Core.Tests.Conditions.Rules;

public sealed class EngineConditionsTests
{
    private static readonly DateTimeOffset _since = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Read_NoEngine_Nothing() => Assert.Empty(new EngineConditions([]).Read());

    [Fact]
    public void Read_NothingWrong_Ok()
    {
        var condition = Read(new("etcd", "https://a:2379", _since));

        Assert.Equal(Condition.Ok(ConditionKind.Engine, "etcd"), condition);
    }

    [Theory]
    [InlineData(1, ConditionLevel.Degraded)]
    [InlineData(3, ConditionLevel.Down)]
    public void Read_Unreachable_DownAfterThreeFailures(int failures, ConditionLevel level)
    {
        var condition = Read(new("etcd", null, null) { Unreachable = Failed(failures, "refused") });

        Assert.Equal((level, ConditionReason.EngineUnreachable), (condition.Level, condition.Reason));
        Assert.Equal((_since, failures, "refused"), (condition.Since, condition.Count, condition.LastError));
    }

    [Fact]
    public void Read_LeaseLost_DownUnlessNothingAnswersAnyway()
    {
        var status = new EngineStatus("etcd", "https://a:2379", _since) { LeaseLostSince = _since };

        var lost = Read(status);
        var unreachable = Read(status with { Unreachable = Failed(3, "refused") });

        Assert.Equal((ConditionLevel.Down, ConditionReason.LeaseLost), (lost.Level, lost.Reason));
        Assert.Equal(ConditionReason.EngineUnreachable, unreachable.Reason);
    }

    [Theory]
    [InlineData(1, ConditionLevel.Degraded)]
    [InlineData(3, ConditionLevel.Down)]
    public void Read_Refused_DownAfterThreeRefusals(int refusals, ConditionLevel level)
    {
        var condition = Read(new("etcd", "https://a:2379", _since) { Refused = Failed(refusals, "permission denied") });

        Assert.Equal((level, ConditionReason.EngineRefused), (condition.Level, condition.Reason));
        Assert.Equal("permission denied", condition.LastError);
    }

    private static Failures Failed(int count, string error) => new(count, _since, _since, error);

    private static Condition Read(EngineStatus status) => Assert.Single(new EngineConditions([new Fixed(status)]).Read());

    private sealed class Fixed(EngineStatus status) : IEngine
    {
        public EngineStatus Status => status;
    }
}
