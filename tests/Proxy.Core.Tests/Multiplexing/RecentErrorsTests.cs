using Proxy.Multiplexing;

namespace Proxy.Core.Tests.Multiplexing;

public sealed class RecentErrorsTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void Add_SameReasonInARow_OneErrorWithTheTimeOfTheLast()
    {
        var errors = new RecentErrors(_time);
        errors.Add("refused");
        errors.Add("silent");
        _time.Advance(TimeSpan.FromMinutes(1));
        errors.Add("silent");

        Assert.Equal([("silent", 2), ("refused", 1)], errors.List.Select(static error => (error.Reason, error.Times)));
        Assert.Equal(_time.GetUtcNow(), errors.List[0].At);
    }

    [Fact]
    public void Add_Many_TheNewestStay()
    {
        var errors = new RecentErrors(_time);
        for (var i = 0; i < 100; i++)
        {
            errors.Add($"{i}");
        }

        Assert.Equal(["99", "98", "97", "96", "95", "94", "93", "92"], errors.List.Select(static error => error.Reason));
    }
}
