namespace Proxy.Host.Admin;

/// <summary>Does expensive work for one request at a time, with a limit on how long the others wait.</summary>
internal static class OneAtATime
{
    /// <summary>Waits for the turn, reads the input and does the work. The turn ends with the work, even if the caller has stopped waiting.</summary>
    /// <param name="turn">A semaphore with one permit; the request that holds it has the turn.</param>
    /// <param name="limit">The limit of the wait for the turn, and again of the work.</param>
    /// <param name="time">The clock.</param>
    /// <param name="read">Reads the input; must have a limit of its own.</param>
    /// <param name="work">Creates the answer, on another thread.</param>
    /// <param name="cancellationToken">Cancels the waits; work that has begun continues and keeps the turn until it is done.</param>
    /// <exception cref="BadHttpRequestException">A limit was exceeded (503).</exception>
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
