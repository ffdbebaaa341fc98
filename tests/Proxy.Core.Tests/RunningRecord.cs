using Proxy.Diagnostics;

namespace Proxy.Core.Tests;

/// <summary>Runs a part of a pipeline as the tracking of connections does.</summary>
internal static class RunningRecord
{
    /// <summary>Runs it; then what the record holds is given back.</summary>
    public static async Task RunAsync(this ConnectionRecord record, Func<Task> handle)
    {
        try
        {
            await handle();
        }
        finally
        {
            record.GiveBack();
        }
    }
}
