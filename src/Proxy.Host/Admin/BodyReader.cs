namespace Proxy.Host.Admin;

/// <summary>Reads a whole request body, with a limit on its size and 30 s to arrive.</summary>
internal static class BodyReader
{
    private const int Step = 16 << 10;
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(30);

    /// <exception cref="BadHttpRequestException">The content type is not JSON (415), or the body is too large (413) or too slow (408).</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContext context, int maxBytes)
    {
        if (!context.Request.HasJsonContentType())
        {
            throw new BadHttpRequestException("", StatusCodes.Status415UnsupportedMediaType);
        }

        var time = context.RequestServices.GetRequiredService<TimeProvider>();
        using var deadline = new CancellationTokenSource(_limit, time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, context.RequestAborted);
        try
        {
            return await ReadAsync(context.Request.Body, maxBytes, ended.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            throw new BadHttpRequestException("", StatusCodes.Status408RequestTimeout);
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(Stream body, int maxBytes, CancellationToken cancellationToken)
    {
        using var text = new MemoryStream();
        var buffer = new byte[Step];
        while (await body.ReadAsync(buffer, cancellationToken) is var count and > 0)
        {
            if (text.Length + count > maxBytes)
            {
                throw new BadHttpRequestException("", StatusCodes.Status413PayloadTooLarge);
            }

            await text.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
        }

        return text.ToArray();
    }
}
