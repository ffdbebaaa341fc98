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
    public void Add_LongPath_IsCut()
    {
        var ends = new RecentEnds(_time);
        ends.Add(Request(1, new string('x', 60_000)));

        Assert.Equal(200, Assert.Single(ends.List).Request!.Length);
    }

    private static RequestRecord Request(int id, string path) =>
        new()
        {
            Id = id.ToString(CultureInfo.InvariantCulture),
            Method = "GET",
            Path = path,
            Outcome = ConnectionOutcome.ConnectFailed,
            Duration = TimeSpan.FromSeconds(1),
        };
}
