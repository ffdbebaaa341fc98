using Proxy.Connections;

namespace Proxy.Core.Tests.Connections;

public sealed class BandwidthTests
{
    // A reader that saw the new rate without its dry run would hold bytes back that no edit asks to.
    [Fact]
    public async Task Limit_EditedMeanwhile_BothValuesAreOfOneEdit()
    {
        var bandwidth = new Bandwidth();
        var edits = Task.Run(() =>
        {
            for (var i = 0; i < 100_000; i++)
            {
                bandwidth.Set(1, isDryRun: true);
                bandwidth.Set(0, isDryRun: false);
            }
        });

        while (!edits.IsCompleted)
        {
            var limit = bandwidth.Limit;
            Assert.Equal(limit.IsDryRun, limit.BytesPerSecond == 1);
        }

        await edits;
    }
}
