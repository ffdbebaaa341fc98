namespace Proxy.Host.Admin;

/// <summary>Does expensive work for one request at a time; no request waits long for it.</summary>
internal static class OneAtATime
{
    /// <summary>Waits for the turn, reads what the work needs, works, and ends the turn with the work, not with the wait for it.</summary>
    /// <param name="turn">The semaphore: its holder has the turn.</param>
    /// <param name="limit">How long to wait for the turn, and how long for the work.</param>
    /// <param name="time">The clock.</param>
    /// <param name="read">Reads the input; ends by itself.</param>
    /// <param name="work">Makes the answer of it, on another thread.</param>
    /// <param name="cancellationToken">Ends the waits; work that runs goes on, and keeps the turn until it is done.</param>
    /// <exception cref="BadHttpRequestException">A wait was too long (503).</exception>
    public static async Task<TAnswer> RunAsync<TInput, TAnswer>(
        SemaphoreSlim turn,
        TimeSpan limit,
        TimeProvider time,
        Func<Task<TInput>> read,
        Func<TInput, TAnswer> work,
        CancellationToken cancellationToken
    )
    {
        if (!await turn.WaitAsync(limit, cancellationToken))
        {
            throw new BadHttpRequestException("", StatusCodes.Status503ServiceUnavailable);
        }

        try
        {
            return await StartAsync(turn, await ReadAsync(turn, read), work).WaitAsync(limit, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new BadHttpRequestException("", StatusCodes.Status503ServiceUnavailable);
        }
    }

    private static async Task<TInput> ReadAsync<TInput>(SemaphoreSlim turn, Func<Task<TInput>> read)
    {
        try
        {
            return await read();
        }
        catch
        {
            turn.Release();
            throw;
        }
    }

    private static Task<TAnswer> StartAsync<TInput, TAnswer>(SemaphoreSlim turn, TInput input, Func<TInput, TAnswer> work) =>
        Task.Run(
            () =>
            {
                try
                {
                    return work(input);
                }
                finally
                {
                    turn.Release();
                }
            },
            CancellationToken.None
        );
}
