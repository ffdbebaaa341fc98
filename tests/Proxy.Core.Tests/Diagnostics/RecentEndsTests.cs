using System.Globalization;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.Diagnostics;

public sealed class RecentEndsTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void Add_MoreThanAreKept_TheNewestStayNewestFirst()
    {
        var ends = new RecentEnds(_time);
        for (var i = 0; i < RecentEnds.Most + 50; i++)
        {
            ends.Add(Request(i, "/"));
        }

        var list = ends.List;
        Assert.Equal(RecentEnds.Most, list.Count);
        Assert.Equal(["249", "248"], list.Take(2).Select(static end => end.Id));
        Assert.Equal("50", list[^1].Id);
    }

    [Fact]
    public void Add_ManyThatFailedNobody_DisplaceNoFailure()
    {
        var ends = new RecentEnds(_time);
        ends.Add(Request(0, "/"));
        for (var i = 1; i <= 1000; i++)
        {
            ends.Add(Request(i, "/", ConnectionOutcome.NoRoute));
        }

        ends.Add(Request(1001, "/"));

        var list = ends.List;
        Assert.Equal(["1001", "1000"], list.Take(2).Select(static end => end.Id));
        Assert.Equal(["1001", "0"], list.Where(static end => end.Failed).Select(static end => end.Id));
        Assert.Equal(RecentEnds.Most + 2, list.Count);
    }

    [Fact]
    public void Add_LongPath_IsCut()
    {
        var ends = new RecentEnds(_time);
        ends.Add(Request(1, new string('x', 60_000)));

        Assert.Equal(200, Assert.Single(ends.List).Request!.Length);
    }

    private static RequestRecord Request(int id, string path, ConnectionOutcome outcome = ConnectionOutcome.ConnectFailed) =>
        new()
        {
            Id = id.ToString(CultureInfo.InvariantCulture),
            Method = "GET",
            Path = path,
            Outcome = outcome,
            Duration = TimeSpan.FromSeconds(1),
        };
}
