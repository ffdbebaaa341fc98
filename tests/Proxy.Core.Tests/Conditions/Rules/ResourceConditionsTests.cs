using System.Net;
using Proxy.Conditions;
using Proxy.Conditions.Rules;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Limits;

namespace Proxy.Core.Tests.Conditions.Rules;

public sealed class ResourceConditionsTests
{
    private const int Limit = 1600; // of which 164 are kept
    private readonly ManualTime _time = new();
    private readonly ByteBudget _memory = new(1000);
    private readonly PortShortages _ports;
    private readonly Resources _resources;
    private readonly ResourceConditions _conditions;
    private int _open;

    public ResourceConditionsTests()
    {
        _ports = new(_time);
        _resources = new(Limit, () => _open, _time);
        _conditions = new(_resources, _memory, _ports, _time);
    }

    [Fact]
    public void Read_NothingUsed_Ok() => Assert.All(_conditions.Read(), static one => Assert.Equal(ConditionLevel.Ok, one.Level));

    [Fact]
    public void Read_AcceptingPaused_Down()
    {
        _open = Limit;
        Assert.False(_resources.MayAccept());

        Assert.Equal((ConditionLevel.Down, _time.GetUtcNow()), (Of("accepting").Level, Of("accepting").Since));
        _open = 0;
        Assert.Equal(ConditionLevel.Ok, Of("accepting").Level);
    }

    [Fact]
    public void Read_FourFifthsOfTheDescriptorsOpen_DegradedSinceThen()
    {
        _open = 1148;
        Assert.Equal(ConditionLevel.Ok, Of("descriptors").Level);
        _open = 1149;
        var since = _time.GetUtcNow();
        Assert.Equal(ConditionLevel.Degraded, Of("descriptors").Level);
        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal((ConditionReason.NearLimit, since), (Of("descriptors").Reason, Of("descriptors").Since));
        Assert.Equal("1149 of 1436 in use", Of("descriptors").LastError);
    }

    [Fact]
    public void Read_FourFifthsOfTheMemoryUsed_Degraded()
    {
        _memory.Add(800);
        Assert.Equal((ConditionLevel.Degraded, 800), (Of("memory").Level, Of("memory").Count));
        _memory.Add(-50); // varies around the mark
        Assert.Equal(ConditionLevel.Degraded, Of("memory").Level);
        _memory.Add(-1);
        Assert.Equal(ConditionLevel.Ok, Of("memory").Level);
        _memory.Add(50);
        Assert.Equal(ConditionLevel.Ok, Of("memory").Level);
    }

    [Fact]
    public void Read_NoLocalPortLately_DegradedForFiveMinutes()
    {
        var since = _time.GetUtcNow();
        _ports.Note(new(IPAddress.Loopback, 80));
        _time.Advance(TimeSpan.FromSeconds(299));
        _ports.Note(new(IPAddress.Loopback, 80));

        Assert.Equal(
            new(ConditionKind.Resource, "ports", ConditionLevel.Degraded, ConditionReason.NoLocalPort)
            {
                Since = since,
                LastError = "no local port is left towards 127.0.0.1:80",
                Count = 2,
            },
            Of("ports")
        );
        _time.Advance(TimeSpan.FromSeconds(301));
        Assert.Equal(ConditionLevel.Ok, Of("ports").Level);
    }

    private Condition Of(string id) => Assert.Single(_conditions.Read(), one => one.Id == id);
}
