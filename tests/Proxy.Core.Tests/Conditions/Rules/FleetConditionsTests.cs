using Proxy.Conditions;
using Proxy.Conditions.Rules;
using Proxy.Engine;

namespace Proxy.Core.Tests.Conditions.Rules;

public sealed class FleetConditionsTests
{
    private readonly ManualTime _time = new();
    private readonly Fleet _fleet = new();

    [Fact]
    public void Read_OwnDocumentIsOlder_DegradedAfterFiveMinutes()
    {
        var since = _time.GetUtcNow();
        _fleet.Current = new() { Hosts = [new("A_1", "e") { Behind = ["etcd:edge"], BehindSince = since }, new("A_2", "e")] };
        Assert.Equal(ConditionLevel.Ok, Read().Level);
        _time.Advance(FleetConditions.Patience);
        Assert.Equal(ConditionLevel.Ok, Read().Level);

        _time.Advance(TimeSpan.FromSeconds(1));

        var one = Read();
        Assert.Equal((ConditionLevel.Degraded, ConditionReason.DocumentDiffers, since), (one.Level, one.Reason, one.Since));
        Assert.Contains("etcd:edge", one.LastError, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_DocumentOfAnotherHostIsOlder_IsNotToldHere()
    {
        _fleet.Current = new()
        {
            Hosts = [new("A_1", "e"), new("A_2", "e") { Behind = ["etcd:edge"], BehindSince = DateTimeOffset.MinValue }],
        };

        Assert.Equal(ConditionLevel.Ok, Read().Level);
    }

    [Fact]
    public void Read_AnotherProcessHasTheId_Down()
    {
        _fleet.Rival = new("e2", _time.GetUtcNow());

        var one = Read();

        Assert.Equal(
            (ConditionKind.Fleet, "A_1", ConditionLevel.Down, ConditionReason.InstanceTaken),
            (one.Kind, one.Id, one.Level, one.Reason)
        );
    }

    private Condition Read() => Assert.Single(new FleetConditions(_fleet, _time).Read());

    private sealed class Fleet : IFleet
    {
        public string Instance => "A_1";

        public FleetState Current { get; set; } = new();

        public InstanceRival? Rival { get; set; }
    }
}
